/**
 * What we write, read by Pillow. Runs where `PYTHON` (or python3) has Pillow.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { encodeJpeg } from "../../formats/images/encode_jpeg.ts";
import { encodePng } from "../../formats/images/encode_png.ts";
import { type Settings, settingsText } from "../../formats/images/infotext.ts";
import type { Picture } from "../../formats/images/picture.ts";
import { makeRandom } from "./zoo.ts";

const PYTHON = Deno.env.get("PYTHON") ?? "python3";

async function python(script: string, ...args: string[]): Promise<string | undefined> {
  const command = new Deno.Command(PYTHON, { args: ["-c", script, ...args], stderr: "null" });
  const { success, stdout } = await command.output().catch(() => ({
    success: false,
    stdout: new Uint8Array(0),
  }));
  return success ? new TextDecoder().decode(stdout) : undefined;
}

const ignore = await python("import PIL") === undefined;

const READ = `
import json, sys
from PIL import Image
image = Image.open(sys.argv[1])
image.load()
print(json.dumps([image.format, image.mode, image.size, list(image.tobytes()), getattr(image, "text", {})]))
`;

Deno.test({
  name: "Pillow reads our PNGs, with their text, and our JPEGs",
  ignore,
  fn: async () => {
    const settings: Settings = {
      prompt: 'a "cat", 🐈\nNegative prompt: é',
      negativePrompt: "日本",
      steps: 3,
      seed: 7,
    };
    const text = { Title: "café\nnoir", ...settingsText(settings) };
    const path = await Deno.makeTempFile();
    try {
      for (const [channels, mode] of [[1, "L"], [3, "RGB"], [4, "RGBA"]] as const) {
        const random = makeRandom(channels);
        const data = Uint8Array.from({ length: 31 * 17 * channels }, (_, i) => i + 30 * random());
        const picture: Picture = { width: 31, height: 17, channels, data };
        await Deno.writeFile(path, await encodePng(picture, { text }));
        const read = JSON.parse((await python(READ, path))!);
        assertEquals(read, ["PNG", mode, [31, 17], [...data], text]);
      }
      const data = new Uint8Array(31 * 17 * 3).fill(90);
      await Deno.writeFile(path, await encodeJpeg({ width: 31, height: 17, channels: 3, data }));
      const [format, mode, size, bytes] = JSON.parse((await python(READ, path))!);
      assertEquals([format, mode, size], ["JPEG", "RGB", [31, 17]]);
      assert((bytes as number[]).every((byte) => Math.abs(byte - 90) <= 1));
    } finally {
      await Deno.remove(path);
    }
  },
});
