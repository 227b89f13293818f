import { assert, assertEquals } from "@std/assert";
import { decodePicture, readPngText, readSettings } from "../mod.ts";

/** Runs an example as its first comment says, with read and write permission for what it needs. */
async function runExample(name: string, folder: string): Promise<string> {
  const root = new URL("../", import.meta.url);
  const path = (url: URL) => decodeURIComponent(url.pathname);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${path(new URL("deno.json", root))}`,
      `--allow-read=${path(root)},${folder}`,
      `--allow-write=${folder}`,
      path(new URL(`examples/${name}.ts`, root)),
    ],
    cwd: folder,
    env: { XDG_RUNTIME_DIR: folder }, // or Mesa's drivers say on stderr that it is missing
  }).output();
  const error = new TextDecoder().decode(stderr);
  assertEquals([code, error], [0, ""]);
  return new TextDecoder().decode(stdout);
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("examples/first_picture.ts writes a picture of its prompt", () =>
  inFolder(async (folder) => {
    assertEquals(await runExample("first_picture", folder), "");
    const bytes = await Deno.readFile(`${folder}/first_picture.png`);
    const { width, height } = await decodePicture(bytes);
    assertEquals([width, height], [128, 128]);
    assertEquals(
      readSettings(await readPngText(bytes))?.prompt,
      "a red circle above a blue square",
    );
    for await (const { name } of Deno.readDir(folder)) assertEquals(name, "first_picture.png");
  }));

Deno.test("examples/watch_it_form.ts writes a strip whose frames settle", () =>
  inFolder(async (folder) => {
    assertEquals(await runExample("watch_it_form", folder), "");
    const { width, height, channels, data } = await decodePicture(
      await Deno.readFile(`${folder}/watch_it_form.png`),
    );
    assertEquals([width, height, channels], [5 * 128, 128, 3]);
    /** Mean difference of two frames. */
    const apart = (a: number, b: number): number => {
      let sum = 0;
      for (let at = 0; at < height * 128 * 3; at++) {
        const [row, column] = [Math.floor(at / 384), at % 384];
        const start = row * width * 3 + column;
        sum += Math.abs(data[start + a * 384]! - data[start + b * 384]!);
      }
      return sum / (height * 384);
    };
    assert(apart(3, 4) > 0);
    assert(apart(0, 4) > 4 * apart(3, 4), `${apart(0, 4)}, ${apart(3, 4)}`);
  }));

Deno.test("examples/look_inside.ts prints the parts' shapes", () =>
  inFolder(async (folder) => {
    const lines = (await runExample("look_inside", folder)).trimEnd().split("\n");
    assertEquals(lines.map((line) => line.replace(/:.*/, "")), [
      "9 of 77 tokens are not padding",
      "last_hidden_state [1, 77, 96]",
      "conv_in [1, 32, 16, 16]",
      "down_blocks.0.resnets.0 [1, 32, 16, 16]",
      "mid_block.attentions.0 [1, 128, 4, 4]",
      "sample [1, 4, 16, 16]",
      "decoded [1, 3, 128, 128]",
    ]);
    for (const line of lines.slice(1)) {
      assert(/: -?\d+\.\d{3} ± [1-9\d]*\d\.\d*[1-9]/.test(line), line);
    }
  }));
