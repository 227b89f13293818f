import { assert, assertEquals } from "@std/assert";
import { makeRandom } from "../../tests/images/zoo.ts";
import { readExifOrientation } from "./exif_orientation.ts";

/** A TIFF file with one directory of a long and an orientation. */
function tiff(little: boolean, orientation: number, type = 3): Uint8Array {
  const bytes = new Uint8Array(8 + 2 + 2 * 12 + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(little ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  [[0x0100, 4, 640], [0x0112, type, orientation]].forEach(([tag, kind, value], i) => {
    const entry = 10 + 12 * i;
    view.setUint16(entry, tag!, little);
    view.setUint16(entry + 2, kind!, little);
    view.setUint32(entry + 4, 1, little);
    if (kind === 3) view.setUint16(entry + 8, value!, little);
    else view.setUint32(entry + 8, value!, little);
  });
  return bytes;
}

Deno.test("readExifOrientation reads both byte orders", () => {
  for (const little of [true, false]) {
    for (let value = 1; value <= 8; value++) {
      assertEquals(readExifOrientation(tiff(little, value)), value);
    }
  }
});

Deno.test("readExifOrientation takes what does not exist for upright", () => {
  for (const value of [0, 9, 65535]) assertEquals(readExifOrientation(tiff(true, value)), 1);
  assertEquals(readExifOrientation(tiff(true, 6, 4)), 1);
  assertEquals(readExifOrientation(new Uint8Array(0)), 1);
});

Deno.test("readExifOrientation reads cut and damaged data as something upright or turned", () => {
  const whole = tiff(true, 6);
  for (let length = 0; length < 34; length++) {
    assertEquals(readExifOrientation(whole.subarray(0, length)), 1);
  }
  const random = makeRandom(3);
  for (let round = 0; round < 500; round++) {
    const damaged = whole.slice();
    for (let i = 0; i < 2; i++) damaged[Math.floor(random() * damaged.length)] = 256 * random();
    const orientation = readExifOrientation(damaged);
    assert(orientation >= 1 && orientation <= 8);
  }
});
