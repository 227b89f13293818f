import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture, encodePng } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

/** Small models with random weights, if they are here. */
const MODELS = new URL("../../../shared/goldens/models/", import.meta.url);
const ignore = !await Deno.stat(MODELS).then(() => true, () => false);
const path = (model: string) => new URL(model, MODELS).pathname;

Deno.test({
  name: "generate draws without a text, the same for the same seed",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      const draw = async (out: string) => {
        const args = ["--steps", "2", "-s", "3", "--backend", "reference", "-o", out];
        const { code, err } = await runDenoise(
          ["generate", "-m", path("ddpm"), ...args],
          { cwd },
        );
        assertEquals(code, 0, err);
        return (await decodePicture(await Deno.readFile(`${cwd}/${out}`))).data;
      };
      assertEquals(await draw("a.png"), await draw("b.png"));
      const wrong = await runDenoise(["generate", "-m", "shapes"], { cwd });
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.err, "LDMTextToImagePipeline");
    }),
});

Deno.test({
  name: "upscale enlarges a picture",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => at % 251);
      await Deno.writeFile(
        `${cwd}/small.png`,
        await encodePng({ width: 32, height: 32, channels: 3, data }),
      );
      const args = ["-i", "small.png", "--steps", "1", "-s", "1", "--backend", "reference"];
      const { code, err } = await runDenoise(
        ["upscale", "-m", path("ldm-sr"), ...args],
        { cwd },
      );
      assertEquals(code, 0, err);
      const { width, height } = await decodePicture(await Deno.readFile(`${cwd}/out.png`));
      const scale = width / 32;
      assertEquals([width, height], [32 * scale, 32 * scale]);
      assertEquals(Number.isInteger(scale) && scale >= 2, true);
    }),
});

Deno.test("generate and upscale say what they need", () =>
  inFolder(async (cwd) => {
    for (
      const [args, says] of [
        [["generate"], "name one with -m"],
        [["generate", "-m", "x", "a cat"], "txt2img does"],
        [["upscale", "-i", "x.png"], "name one with -m"],
        [["upscale", "-m", "x"], "init-img"],
        [["upscale", "-m", "x", "-i", "y.png", "--tile", "0"], "--tile 0"],
      ] as const
    ) {
      const { code, err } = await runDenoise(args, { cwd });
      assertEquals(code, 2, err);
      assertStringIncludes(err, says);
    }
    assertEquals(namesIn(cwd), []);
  }));
