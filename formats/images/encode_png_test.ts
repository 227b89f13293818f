import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { makeRandom } from "../../tests/images/zoo.ts";
import { decodePng } from "./decode_png.ts";
import { encodePng } from "./encode_png.ts";
import { ImageError, type Picture } from "./picture.ts";
import { pngChunks } from "./png_chunks.ts";

function makePicture(
  width: number,
  height: number,
  options: { channels: Picture["channels"]; seed: number },
): Picture {
  const random = makeRandom(options.seed);
  const data = Uint8Array.from(
    { length: width * height * options.channels },
    (_, i) => 3 * i + 40 * random(),
  );
  return { width, height, channels: options.channels, data };
}

Deno.test("encodePng keeps every byte, whatever the size and channels", async () => {
  let seed = 0;
  for (const channels of [1, 3, 4] as const) {
    for (const [width, height] of [[1, 1], [1, 17], [17, 1], [33, 20], [96, 64]] as const) {
      const picture = makePicture(width, height, { channels, seed: seed++ });
      assertEquals(await decodePng(await encodePng(picture)), picture);
    }
  }
});

Deno.test("encodePng keeps colours under full transparency", async () => {
  const picture = { width: 2, height: 1, channels: 4, data: Uint8Array.of(9, 8, 7, 0, 1, 2, 3, 4) };
  assertEquals((await decodePng(await encodePng(picture as Picture))).data, picture.data);
});

Deno.test("encodePng gives the same bytes each time", async () => {
  const picture = makePicture(64, 48, { channels: 3, seed: 3 });
  const text = { parameters: "a cat", denoise: "{}" };
  const first = await encodePng(picture, { text });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(await encodePng(picture, { text }), first);
  assertNotEquals(await encodePng(picture), first);
});

Deno.test("encodePng writes text before the data, and nothing that was not asked for", async () => {
  const picture = makePicture(4, 4, { channels: 1, seed: 1 });
  const types = async (text: Record<string, string>) =>
    [...pngChunks(await encodePng(picture, { text }))].map(({ type }) => type);
  assertEquals(await types({}), ["IHDR", "IDAT", "IEND"]);
  assertEquals(await types({ a: "b", c: "日本" }), ["IHDR", "tEXt", "iTXt", "IDAT", "IEND"]);
});

Deno.test("encodePng filters: a ramp becomes far smaller than its bytes", async () => {
  const data = Uint8Array.from({ length: 256 * 256 }, (_, i) => (i & 255) + (i >> 8));
  const png = await encodePng({ width: 256, height: 256, channels: 1, data });
  assert(png.length < 1500, `${png.length} bytes`);
});

Deno.test("encodePng refuses data of another size", async () => {
  const data = new Uint8Array(5);
  await assertRejects(
    () => encodePng({ width: 2, height: 2, channels: 1, data }),
    RangeError,
    "Cannot use a picture of 2 x 2 x 1 with 5 bytes: it has 4",
  );
  await assertRejects(
    () => encodePng({ width: 1.5, height: 2, channels: 1, data }),
    RangeError,
    "sides are positive",
  );
});

Deno.test("encodePng refuses keywords that PNG does not allow", async () => {
  const picture = makePicture(1, 1, { channels: 1, seed: 1 });
  for (const keyword of ["", " a", "a ", "a  b", "a\nb", "日本", "x".repeat(80)]) {
    await assertRejects(
      () => encodePng(picture, { text: { [keyword]: "" } }),
      ImageError,
      "keyword",
    );
  }
  await assertRejects(() => encodePng(picture, { text: { a: "b\0c" } }), ImageError, "NUL");
});
