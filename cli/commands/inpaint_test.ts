import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture, type Picture, readPngText, readSettings } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";
import { stripes, writeMask, writePicture } from "../testing/write_pictures.ts";

/** As short as it can be. */
const SHORT = ["--steps", "2", "-s", "7", "--backend", "reference"];

async function read(path: string) {
  const bytes = await Deno.readFile(path);
  return { picture: await decodePicture(bytes), settings: readSettings(await readPngText(bytes)) };
}

/** How many pixels differ left of a column, and how many from there on. */
function changed(made: Picture, given: Picture, column: number): [left: number, right: number] {
  const counts: [number, number] = [0, 0];
  for (let at = 0; at < made.width * made.height; at++) {
    const same = [0, 1, 2].every((c) => made.data[3 * at + c] === given.data[3 * at + c]);
    if (!same) counts[at % made.width < column ? 0 : 1]++;
  }
  return counts;
}

Deno.test("what is white in the mask is made anew; with --composite the rest is as it was", () =>
  inFolder(async (cwd) => {
    const given = await writePicture(`${cwd}/in.png`, stripes(32, 32));
    await writeMask(`${cwd}/mask.png`, { width: 32, height: 32, white: 16 });
    const args = ["inpaint", "-i", "in.png", "--mask", "mask.png", "a red circle", ...SHORT];
    assertEquals(await runDenoise(args, { cwd }), { code: 0, out: "out.png\n", err: "" });
    const { picture, settings } = await read(`${cwd}/out.png`);
    assertEquals([picture.width, settings?.["Denoising strength"]], [32, 1]);
    assert(changed(picture, given, 16).every((count) => count > 200));
    assertEquals((await runDenoise([...args, "--composite"], { cwd })).code, 0);
    const [left, right] = changed((await read(`${cwd}/out.png`)).picture, given, 16);
    assert(left > 200 && right === 0, `${left}, ${right}`);
    assertEquals((await runDenoise([...args, "--composite", "--invert-mask"], { cwd })).code, 0);
    const [first, second] = changed((await read(`${cwd}/out.png`)).picture, given, 16);
    assert(first === 0 && second > 200, `${first}, ${second}`);
  }));

Deno.test("--crop works on a part and gives back the whole picture", () =>
  inFolder(async (cwd) => {
    const given = await writePicture(`${cwd}/in.png`, stripes(100, 60));
    await writeMask(`${cwd}/mask.png`, { width: 100, height: 60, white: 9 });
    const { code, out, err } = await runDenoise([
      ...["inpaint", "-i", "in.png", "--mask", "mask.png", "-p", "a red circle"],
      ...["--crop", "5", "-W", "32", "-H", "64", "--strength", "0.5", "--json", ...SHORT],
    ], { cwd });
    assertEquals([code, err], [0, ""]);
    const { settings } = JSON.parse(out);
    assertEquals([settings.width, settings.height], [100, 60]);
    assertEquals(settings["Masked area padding"], 5);
    const [left, right] = changed((await read(`${cwd}/out.png`)).picture, given, 9);
    assert(left > 400 && right === 0, `${left}, ${right}`);
  }));

Deno.test("a thin mask is warned of, and its options arrive", () =>
  inFolder(async (cwd) => {
    const given = await writePicture(`${cwd}/in.png`, stripes(32, 32));
    const line = { width: 32, height: 32, channels: 1 as const, data: new Uint8Array(1024) };
    for (let at = 0; at < 1024; at += 32) line.data[at + 3] = 255;
    await writePicture(`${cwd}/line.png`, line);
    const args = ["inpaint", "-i", "in.png", "--mask", "line.png", "a", "--composite", ...SHORT];
    const lost = await runDenoise(args, { cwd });
    assertEquals(lost.code, 0);
    assertStringIncludes(lost.err, "Warning: The mask is so thin");
    const found = await runDenoise([...args, "--mask-reduction", "max"], { cwd });
    assertEquals(found, { code: 0, out: "out.png\n", err: "" });
    const [left, right] = changed((await read(`${cwd}/out.png`)).picture, given, 4);
    assert(left > 25 && left <= 32 && right === 0, `${left}, ${right}`);
    // Told of a mask that is soft, a network is told what lies above half; blending has no such cut.
    const soft = await runDenoise([...args, "--soft-mask", "-m", "shapes"], { cwd });
    assertEquals(soft, { code: 0, out: "out.png\n", err: "" });
  }));

Deno.test("what cannot be is refused, naming it, and nothing is written", () =>
  inFolder(async (cwd) => {
    await writePicture(`${cwd}/in.png`, stripes(32, 32));
    await writeMask(`${cwd}/black.png`, { width: 32, height: 32, white: 0 });
    const both = ["-i", "in.png", "--mask", "black.png"];
    const cases: [args: string[], code: number, says: string][] = [
      [["a", "-i", "in.png"], 2, "Cannot draw: --mask FILE is missing"],
      [["a", "--mask", "black.png"], 2, "Cannot draw: --init-img FILE is missing"],
      [["a", ...both, "--crop", "-3"], 2, "--crop -3: it must be a whole number"],
      [["a", ...both, "--mask-reduction", "maximum"], 2, "it must be nearest or max or mean"],
      [["a", "-i", "in.png", "--mask", "none.png"], 1, "none.png"],
      [["a", ...both, "--crop", "3"], 1, "Cannot crop around the mask: it is black"],
      [["a", ...both, "--mask-reduction", "mean"], 1, "unless softMask is set"],
      [both, 1, "without a prompt"],
    ];
    for (const [args, code, says] of cases) {
      const ended = await runDenoise(["inpaint", ...args, ...SHORT], { cwd });
      assertEquals([ended.code, ended.out], [code, ""], `${args.join(" ")}: ${ended.err}`);
      assertStringIncludes(ended.err, says);
    }
    assertEquals(namesIn(cwd), ["black.png", "in.png"]);
  }));
