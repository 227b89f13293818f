import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { decodePicture, readPngText, readSettings } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";
import { sidewaysJpeg, stripes, writePicture } from "../testing/write_pictures.ts";

/** As short as it can be. */
const SHORT = ["--steps", "4", "-s", "7", "--backend", "reference"];

async function read(path: string) {
  const bytes = await Deno.readFile(path);
  return { picture: await decodePicture(bytes), settings: readSettings(await readPngText(bytes)) };
}

Deno.test("a picture and a prompt become a picture of its size, with the strength in its settings", () =>
  inFolder(async (cwd) => {
    await writePicture(`${cwd}/in.png`, stripes(40, 33));
    const args = ["img2img", "-i", "in.png", "a red circle", "--strength", "0.5", ...SHORT];
    assertEquals(await runDenoise(args, { cwd }), { code: 0, out: "out.png\n", err: "" });
    const { picture, settings } = await read(`${cwd}/out.png`);
    assertEquals([picture.width, picture.height], [40, 32]);
    assertEquals(settings, {
      prompt: "a red circle",
      negativePrompt: "",
      steps: 4,
      sampler: "DDIMScheduler",
      guidance: 3,
      seed: 7,
      width: 40,
      height: 32,
      model: "shapes",
      "Denoising strength": 0.5,
    });
  }));

Deno.test("the picture counts, and so does the size that is asked for", () =>
  inFolder(async (cwd) => {
    await writePicture(`${cwd}/a.png`, stripes(32, 32));
    await writePicture(`${cwd}/b.png`, stripes(64, 64));
    const sized = ["-W", "32", "-H", "32", "--strength", "0.5", ...SHORT];
    for (const name of ["a", "b"]) {
      const args = ["img2img", "--init-img", `${name}.png`, "-o", `${name}-out.png`, "", ...sized];
      assertEquals((await runDenoise(args, { cwd })).err, "");
    }
    const [one, other] = [await read(`${cwd}/a-out.png`), await read(`${cwd}/b-out.png`)];
    assertEquals([other.picture.width, other.picture.height], [32, 32]);
    assertNotEquals(one.picture.data, other.picture.data);
  }));

Deno.test("a photo is turned upright", () =>
  inFolder(async (cwd) => {
    await Deno.writeFile(`${cwd}/photo.jpg`, await sidewaysJpeg(stripes(40, 32)));
    const { code, err } = await runDenoise(
      ["img2img", "-i", "photo.jpg", "a", "--strength", "0.3", ...SHORT],
      { cwd },
    );
    assertEquals([code, err], [0, ""]);
    const { picture } = await read(`${cwd}/out.png`);
    assertEquals([picture.width, picture.height], [32, 40]);
  }));

Deno.test("what cannot be is refused, naming it, and nothing is written", () =>
  inFolder(async (cwd) => {
    await writePicture(`${cwd}/in.png`, stripes(32, 32));
    await Deno.writeTextFile(`${cwd}/text.png`, "no picture at all");
    const cases: [args: string[], code: number, says: string][] = [
      [["a"], 2, "Cannot draw: --init-img FILE is missing\nTry: denoise img2img --help"],
      [["a", "-i", ""], 2, "Cannot use an empty name for --init-img"],
      [["-i", "in.png"], 2, "the prompt is missing"],
      [["a", "-i", "in.png", "--strength", "much"], 2, "--strength much: it must be a number"],
      [["a", "-i", "none.png"], 1, "none.png"],
      [["a", "-i", "text.png"], 1, "Cannot use text.png: "],
      [["a", "-i", "in.png", "--strength", "2"], 1, "strength 2: it must be from 0 to 1"],
      [["a", "-i", "in.png", "--strength", "0.1"], 1, "no step of 4 is left"],
      [["a", "-i", "in.png", "-W", "36"], 1, "Cannot use width 36: it must be a multiple of 8"],
    ];
    for (const [args, code, says] of cases) {
      const ended = await runDenoise(["img2img", ...args, ...SHORT], { cwd });
      assertEquals([ended.code, ended.out], [code, ""], `${args.join(" ")}: ${ended.err}`);
      assertStringIncludes(ended.err, says);
      assert(ended.err.startsWith("denoise: "), ended.err);
    }
    assertEquals(namesIn(cwd), ["in.png", "text.png"]);
  }));
