import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture } from "../../mod.ts";
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

Deno.test("generate says what it needs", () =>
  inFolder(async (cwd) => {
    for (
      const [args, says] of [
        [["generate"], "name one with -m"],
        [["generate", "-m", "x", "a cat"], "txt2img does"],
      ] as const
    ) {
      const { code, err } = await runDenoise(args, { cwd });
      assertEquals(code, 2, err);
      assertStringIncludes(err, says);
    }
    assertEquals(namesIn(cwd), []);
  }));
