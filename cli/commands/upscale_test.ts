import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture, readPngText, readSettings } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";
import { stripes, writePicture } from "../testing/write_pictures.ts";

/** As short as it can be. */
const SHORT = ["--steps", "2", "-s", "7", "--backend", "onnxruntime"];

async function read(path: string) {
  const bytes = await Deno.readFile(path);
  return { picture: await decodePicture(bytes), settings: readSettings(await readPngText(bytes)) };
}

Deno.test("a picture becomes four times as large by the model that comes with the library", () =>
  inFolder(async (cwd) => {
    const given = await writePicture(`${cwd}/in.png`, stripes(32, 32));
    const args = ["upscale", "-i", "in.png", ...SHORT];
    assertEquals(await runDenoise(args, { cwd }), { code: 0, out: "out.png\n", err: "" });
    const { picture, settings } = await read(`${cwd}/out.png`);
    assertEquals([picture.width, picture.height, settings?.seed], [128, 128, 7]);
    // It is the picture that was enlarged: each of its pixels is about the mean of the sixteen in its place.
    let apart = 0;
    for (let at = 0; at < 32 * 32; at++) {
      const [x, y] = [4 * (at % 32), 4 * Math.floor(at / 32)];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < 16; k++) {
          sum += picture.data[3 * ((y + (k >> 2)) * 128 + x + (k & 3)) + c]!;
        }
        apart += Math.abs(sum / 16 - given.data[3 * at + c]!);
      }
    }
    assert(apart / (3 * 32 * 32) < 40, `${apart / (3 * 32 * 32)} levels`);
    assertEquals((await runDenoise([...args, "--scale", "4", "-o", "again.png"], { cwd })).code, 0);
    assertEquals((await read(`${cwd}/again.png`)).picture.data, picture.data);
    const tiled = [...args, "--tile", "24", "-o", "tiles.png"];
    assertEquals((await runDenoise(tiled, { cwd })).code, 0);
    assertEquals((await read(`${cwd}/tiles.png`)).picture.width, 128);
  }));

Deno.test("what cannot be is refused, naming it, and nothing is written", () =>
  inFolder(async (cwd) => {
    await writePicture(`${cwd}/in.png`, stripes(32, 32));
    const cases: readonly [args: readonly string[], code: number, says: string][] = [
      [[], 2, "init-img"],
      [["-i", "in.png", "--tile", "0"], 2, "--tile 0"],
      [["-i", "in.png", "--scale", "three"], 2, "--scale"],
      [["-i", "in.png", "--scale", "3"], 1, "the model enlarges 4 times"],
      [["-i", "in.png", "-W", "100"], 1, "by a factor that is its own"],
      [["-i", "in.png", "a cat"], 1, "the model enlarges without text"],
      [["-i", "none.png"], 1, "none.png"],
      [["-i", "in.png", "-m", "shapes"], 1, "these enlarge"],
    ];
    for (const [args, code, says] of cases) {
      const ended = await runDenoise(["upscale", ...args, ...SHORT], { cwd });
      assertEquals(ended.code, code, ended.err);
      assertStringIncludes(ended.err, says);
    }
    assertEquals(namesIn(cwd), ["in.png"]);
  }));
