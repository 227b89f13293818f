import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { decodePicture, readPngText, readSettings } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

/** As small and short as a picture can be. */
const SMALL = ["--steps", "2", "-W", "32", "-H", "32", "--backend", "reference"];

async function read(path: string) {
  const bytes = await Deno.readFile(path);
  const settings = /png$/.test(path) ? readSettings(await readPngText(bytes)) : undefined;
  return { picture: await decodePicture(bytes), settings };
}

Deno.test("a prompt becomes a picture with its settings, and its name is all there is on stdout", () =>
  inFolder(async (cwd) => {
    const args = ["txt2img", "a red circle", "-s", "7", "-W", "40", "-H", "32", "--steps", "2"];
    assertEquals(await runDenoise(args, { cwd }), { code: 0, out: "out.png\n", err: "" });
    assertEquals(namesIn(cwd), ["out.png"]);
    const { picture, settings } = await read(`${cwd}/out.png`);
    assertEquals([picture.width, picture.height, picture.channels], [40, 32, 3]);
    assertEquals(settings, {
      prompt: "a red circle",
      negativePrompt: "",
      steps: 2,
      sampler: "DDIMScheduler",
      guidance: 3,
      seed: 7,
      width: 40,
      height: 32,
      model: "shapes",
    });
  }));

Deno.test("every option arrives", () =>
  inFolder(async (cwd) => {
    const { code, out, err } = await runDenoise([
      "txt2img",
      "--prompt=a red circle",
      ...["-n", "blue", "--cfg-scale", "2.5", "--seed", "9", "--scheduler", "euler"],
      ...["-m", "shapes", "--precision", "f16", "-o", "a.png"],
      ...["--json", ...SMALL],
    ], { cwd });
    assertEquals([code, err], [0, ""]);
    const { seconds, ...rest } = JSON.parse(out);
    assert(seconds > 0);
    assertEquals(rest, {
      files: ["a.png"],
      seeds: [9],
      backend: "reference",
      settings: {
        prompt: "a red circle",
        negativePrompt: "blue",
        steps: 2,
        sampler: "euler",
        guidance: 2.5,
        width: 32,
        height: 32,
        model: "shapes",
      },
    });
    assertEquals((await read(`${cwd}/a.png`)).settings, { ...rest.settings, seed: 9 });
  }));

Deno.test("each picture of a batch is the one that its seed gives by itself", () =>
  inFolder(async (cwd) => {
    const eta = ["--eta", "1"]; // so that the noise of the steps counts too
    const batch = await runDenoise(
      ["txt2img", "", "-s", "5", "-b", "3", "-o", "b.png", ...SMALL, ...eta],
      { cwd },
    );
    assertEquals(batch, { code: 0, out: "b-0.png\nb-1.png\nb-2.png\n", err: "" });
    await runDenoise(["txt2img", "", "-s", "6", "-o", "one.png", ...SMALL, ...eta], { cwd });
    const [first, second, alone] = await Promise.all(
      ["b-0", "b-1", "one"].map((name) => read(`${cwd}/${name}.png`)),
    );
    assertEquals(second!.settings?.seed, 6);
    assertEquals(second!.picture, alone!.picture);
    assertNotEquals(first!.picture.data, alone!.picture.data);
  }));

Deno.test("-1 draws a seed and says which, so that the picture can be drawn again", () =>
  inFolder(async (cwd) => {
    const drawn = await runDenoise(["txt2img", "a", "-s", "-1", ...SMALL], { cwd });
    const seed = /^The seed is (\d+)\.\n$/.exec(drawn.err)?.[1];
    assert(seed !== undefined, drawn.err);
    assertEquals([drawn.code, drawn.out], [0, "out.png\n"]);
    const before = await Deno.readFile(`${cwd}/out.png`);
    await runDenoise(["txt2img", "a", "-s", seed, ...SMALL], { cwd });
    assertEquals(await Deno.readFile(`${cwd}/out.png`), before);
  }));

Deno.test("a JPEG is written with the same permissions", () =>
  inFolder(async (cwd) => {
    const ended = await runDenoise(["txt2img", "a", "-s", "1", "-o", "a.JPG", ...SMALL], { cwd });
    assertEquals(ended, { code: 0, out: "a.JPG\n", err: "" });
    assertEquals((await read(`${cwd}/a.JPG`)).picture.width, 32);
  }));

Deno.test("a prompt that is too long is cut, with a warning", () =>
  inFolder(async (cwd) => {
    const { code, err } = await runDenoise(
      ["txt2img", "red ".repeat(90), "-s", "1", ...SMALL],
      { cwd },
    );
    assertEquals(code, 0);
    assert(/^Warning: [^\n]+\n$/.test(err), err);
    assertEquals(namesIn(cwd), ["out.png"]);
  }));

Deno.test("previews are written after each step", () =>
  inFolder(async (cwd) => {
    const { code, err } = await runDenoise(
      ["txt2img", "a", "-s", "1", "-b", "2", "--preview", "p.png", ...SMALL],
      { cwd },
    );
    assertEquals([code, err], [0, ""]);
    assertEquals(namesIn(cwd), ["out-0.png", "out-1.png", "p-0.png", "p-1.png"]);
    // After the last step nothing is left to expect.
    const [expected, drawn] = await Promise.all(
      ["p-1", "out-1"].map((name) => read(`${cwd}/${name}.png`)),
    );
    assertEquals(expected!.picture.width, drawn!.picture.width);
  }));

Deno.test("--check tells how far the worst operator is from the reference", () =>
  inFolder(async (cwd) => {
    const { code, out, err } = await runDenoise(
      ["txt2img", "a", "-s", "1", "--check", "--json", ...SMALL],
      { cwd },
    );
    assertEquals(code, 0, err);
    assert(
      /^Checked \d+ operators: the worst is \w+ at .*% of what rounding may do\.\n$/.test(err),
      err,
    );
    const { check } = JSON.parse(out);
    assert(check.nodes > 100);
    assert(check.worst.difference > 0 && check.worst.difference <= check.worst.bound);
  }));

Deno.test("the autoencoder works in tiles, and what that costs is told", () =>
  inFolder(async (cwd) => {
    const sized = ["--steps", "1", "-s", "1", "-W", "64", "-H", "48", "--backend", "reference"];
    const args = ["txt2img", "a red circle", ...sized, "--vae-tile", "48"];
    const { code, err } = await runDenoise(args, { cwd });
    assertEquals([code, err], [
      0,
      "The decoder ran in 2 tiles of 6 x 6: 3.0 times the work.\n",
    ]);
    const blended = ["--vae-tile-method", "blended", "--vae-tile-overlap", "8", "--json"];
    const { out } = await runDenoise([...args, ...blended], { cwd });
    const { cost: { decoder, encoder } } = JSON.parse(out);
    assertEquals([decoder.tiles, encoder], [4, null]);
  }));
