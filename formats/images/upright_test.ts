import { assertEquals } from "@std/assert";
import type { Picture } from "./picture.ts";
import { type Orientation, upright } from "./upright.ts";

// 1 2 3
// 4 5 6
const STORED: Picture = {
  width: 3,
  height: 2,
  channels: 1,
  data: Uint8Array.of(1, 2, 3, 4, 5, 6),
};

Deno.test("upright turns and mirrors as EXIF says", () => {
  const expected: Readonly<Record<Orientation, readonly (readonly number[])[]>> = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[4, 1], [5, 2], [6, 3]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[3, 6], [2, 5], [1, 4]],
  };
  for (const [orientation, rows] of Object.entries(expected)) {
    const { width, height, data } = upright(STORED, Number(orientation) as Orientation);
    assertEquals([width, height], [rows[0]!.length, rows.length], orientation);
    assertEquals([...data], rows.flat(), orientation);
  }
});

Deno.test("upright keeps channels together", () => {
  const picture: Picture = {
    width: 1,
    height: 2,
    channels: 3,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  };
  assertEquals(upright(picture, 8).data, Uint8Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(upright(picture, 6).data, Uint8Array.of(4, 5, 6, 1, 2, 3));
});
