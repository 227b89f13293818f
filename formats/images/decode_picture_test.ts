import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { makeRandom, readFirst, readZoo } from "../../tests/images/zoo.ts";
import { decodePicture, readOrientation } from "./decode_picture.ts";
import { encodePng } from "./encode_png.ts";
import { jpegCodec } from "./jpeg_codec.ts";
import { ImageError, type Picture } from "./picture.ts";
import { pngChunks, writePngChunks } from "./png_chunks.ts";
import { type Orientation, upright } from "./upright.ts";

/** Largest difference of two pictures' bytes. */
function worst(a: Picture, b: Picture): number {
  assertEquals([a.width, a.height, a.channels], [b.width, b.height, b.channels]);
  return a.data.reduce((most, byte, i) => Math.max(most, Math.abs(byte - b.data[i]!)), 0);
}

Deno.test("decodePicture decodes JPEG by imagescript, within 3 of libjpeg's bytes", async () => {
  assertEquals((await jpegCodec()).name, "imagescript");
  const zoo = await readZoo<{ name: string }>("jpeg_zoo.json");
  assert(zoo.length >= 10);
  for (const { name, file, picture } of zoo) {
    // T.81 leaves the transform's rounding and the filter for subsampled colour open.
    const difference = worst(await decodePicture(file), picture);
    assert(difference <= 3, `${name}: ${difference}`);
    assert(worst({ ...picture, data: new Uint8Array(picture.data.length) }, picture) > 3);
  }
});

Deno.test("decodePicture turns photos upright, as Pillow's exif_transpose", async () => {
  const photos = await readZoo<{ orientation: Orientation; order: string }>("orientation.json");
  assertEquals(photos.length, 16);
  for (const { orientation, order, file, picture } of photos) {
    const label = `${orientation}, ${order} endian`;
    assertEquals(readOrientation(file), orientation, label);
    assert(worst(await decodePicture(file), picture) <= 3, label);
    const stored = await decodePicture(file, { keepOrientation: true });
    assertEquals([stored.width, stored.height], [24, 16]);
    assertEquals(upright(stored, orientation), await decodePicture(file));
  }
});

Deno.test("decodePicture refuses every truncated JPEG", async () => {
  for (const { name, file } of await readZoo<{ name: string }>("jpeg_zoo.json")) {
    for (let length = 0; length < file.length; length += 13) {
      await assertRejects(() => decodePicture(file.subarray(0, length)), ImageError, "", name);
    }
    await assertRejects(() => decodePicture(file.subarray(0, file.length - 1)), ImageError);
  }
});

Deno.test("decodePicture takes what follows the end of a JPEG for someone else's", async () => {
  const { file, picture } = await readFirst("jpeg_zoo.json");
  const longer = new Uint8Array(file.length + 50);
  longer.set(file);
  assert(worst(await decodePicture(longer), picture) <= 3);
});

Deno.test("decodePicture either decodes or refuses a damaged JPEG", async () => {
  const random = makeRandom(2);
  const zoo = await readZoo<{ name: string }>("jpeg_zoo.json");
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const damaged = zoo[round % zoo.length]!.file.slice();
    for (let i = 0; i < 3; i++) damaged[Math.floor(random() * damaged.length)] = 256 * random();
    try {
      await decodePicture(damaged, { maxPixels: 1e5 });
    } catch (error) {
      assert(error instanceof ImageError, `round ${round}: ${error}`);
      refused++;
    }
  }
  assert(refused > 30, `only ${refused} refused`);
});

/** A JPEG's frame segment replaced. */
function withFrame(file: Uint8Array, change: (frame: Uint8Array) => void): Uint8Array {
  const changed = file.slice();
  const at = changed.findIndex((byte, i) => byte === 0xff && changed[i + 1] === 0xc0);
  change(changed.subarray(at));
  return changed;
}

Deno.test("decodePicture looks at a JPEG's frame before it decodes", async () => {
  const { file } = await readFirst("jpeg_zoo.json");
  const refused: readonly [(frame: Uint8Array) => void, string][] = [
    [(f) => f.set([0xff, 0xdc, 0xff, 0xdc], 5), "too few for 65500 x 65500 pixels: it ends early"],
    [(f) => f.set([2, 88, 2, 88], 5), "too few for 600 x 600 pixels: it ends early"],
    [(f) => f.set([0x51], 11), "a sampling factor is not from 1 to 4"],
    [(f) => f.set([0, 0], 5), "sides are positive"],
    [(f) => f.set([12], 4), "12 bits a sample"],
    [(f) => f.set([2], 9), "2 components"],
    [(f) => f.set([0xc9], 1), "SOF9 (arithmetic coding) is not supported"],
    [(f) => f.set([0xc3], 1), "SOF3 (a lossless or hierarchical picture) is not supported"],
    [(f) => f.set([0xfe], 1), "a scan comes before the frame"],
  ];
  for (const [change, message] of refused) {
    await assertRejects(() => decodePicture(withFrame(file, change)), ImageError, message);
  }
  const limits = { maxPixels: 8, maxBytes: 1e4 };
  await assertRejects(() => decodePicture(file, limits), ImageError, "cap is 8 pixels");
});

Deno.test("decodePicture refuses four components that no marker explains", async () => {
  const zoo = await readZoo<{ name: string }>("jpeg_zoo.json");
  const file = zoo.find(({ name }) => name === "CMYK")!.file.slice();
  const adobe = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xee);
  file[adobe + 1] = 0xed;
  await assertRejects(() => decodePicture(file), ImageError, "no Adobe marker");
});

Deno.test("decodePicture bounds the scans of a JPEG", async () => {
  const zoo = await readZoo<{ name: string }>("jpeg_zoo.json");
  const { file } = zoo.find(({ name }) => name === "grey, progressive")!;
  const start = file.findIndex((byte, i) => byte === 0xff && file[i + 1] === 0xda);
  const scan = file.subarray(start, -2);
  const bytes = [...file.subarray(0, -2)];
  for (let i = 0; i < 501; i++) bytes.push(...scan);
  bytes.push(0xff, 0xd9);
  await assertRejects(() => decodePicture(Uint8Array.from(bytes)), ImageError, "500 scans");
});

Deno.test("decodePicture names what it cannot decode", async () => {
  const text = (value: string) => Uint8Array.from(value, (c) => c.charCodeAt(0));
  for (
    const [file, message] of [
      ["", "no image"],
      ["hello", "no image"],
      ["GIF89a......", "a GIF"],
      ["RIFF....WEBPVP8 ", "a WebP"],
      ["....ftypavif", "an AVIF"],
    ] as const
  ) {
    await assertRejects(() => decodePicture(text(file)), ImageError, `it is ${message}`);
  }
});

Deno.test("decodePicture bounds the file's size", async () => {
  const png = await encodePng({ width: 1, height: 1, channels: 1, data: new Uint8Array(1) });
  await assertRejects(
    () => decodePicture(png, { maxBytes: 20 }),
    ImageError,
    `Cannot decode an image file of ${png.length} bytes: the cap is 20`,
  );
});

Deno.test("a PNG is turned upright by its EXIF data, too", async () => {
  const picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(10, 20) } as const;
  const [header, ...rest] = pngChunks(await encodePng(picture));
  const tiff = new Uint8Array(8 + 2 + 12 + 4);
  tiff.set([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6]);
  for (
    const chunks of [
      [header!, { type: "eXIf", data: tiff }, ...rest],
      [header!, ...rest.slice(0, -1), { type: "eXIf", data: tiff }, rest.at(-1)!],
    ]
  ) {
    const file = writePngChunks(chunks);
    assertEquals(readOrientation(file), 6);
    assertEquals(await decodePicture(file), upright(picture, 6));
    assertEquals(await decodePicture(file, { keepOrientation: true }), picture);
  }
});

Deno.test("readOrientation takes what is no picture for upright, and refuses a truncated one", () => {
  assertEquals(readOrientation(Uint8Array.of(1, 2, 3)), 1);
  assertThrows(() => readOrientation(Uint8Array.of(0xff, 0xd8, 0xff)), ImageError, "truncated");
});
