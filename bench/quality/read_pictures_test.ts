import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodePng } from "../../formats/images/encode_png.ts";
import { readPicture, readPictures } from "./read_pictures.ts";

const RGB = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);

Deno.test("raw bytes and PNGs of every kind are the same picture", async () => {
  const expected = { height: 2, width: 2, data: RGB };
  assertEquals(await readPicture("a.rgb", RGB), expected);
  const sides = { height: 2, width: 2 } as const;
  assertEquals(
    await readPicture("a.png", await encodePng({ ...sides, channels: 3, data: RGB })),
    expected,
  );
  const rgba = Uint8Array.from({ length: 16 }, (_, i) => i % 4 === 3 ? 255 : RGB[i - (i >> 2)]!);
  assertEquals(
    await readPicture("a.png", await encodePng({ ...sides, channels: 4, data: rgba })),
    expected,
  );
  const grey = await encodePng({ ...sides, channels: 1, data: new Uint8Array([1, 2, 3, 4]) });
  assertEquals(
    (await readPicture("a.png", grey)).data,
    new Uint8Array([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]),
  );
});

Deno.test("raw bytes that are no square are refused", async () => {
  await assertRejects(() => readPicture("a.rgb", RGB.subarray(1)), Error, "a.rgb: 11 bytes");
});

Deno.test("a case gives one picture a row of output.images", () => {
  const images = { dtype: "u8", shape: [2, 1, 2, 3], data: RGB } as const;
  const settings = { kind: "pictures" };
  const pictures = readPictures({ settings, tensors: new Map([["output.images", images]]) });
  assertEquals(pictures, [
    { height: 1, width: 2, data: RGB.subarray(0, 6) },
    { height: 1, width: 2, data: RGB.subarray(6) },
  ]);
  assertThrows(() => readPictures({ settings, tensors: new Map() }), Error, "is absent");
});
