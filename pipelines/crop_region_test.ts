import { assertEquals, assertThrows } from "@std/assert";
import { cropPicture, cropRegion } from "./crop_region.ts";
import { SettingsError } from "./settings.ts";

/** A mask whose white is a box. */
function boxed(
  [width, height]: readonly [number, number],
  [left, top, right, bottom]: readonly [number, number, number, number],
) {
  const data = new Uint8Array(width * height);
  for (let y = top; y < bottom; y++) data.fill(255, y * width + left, y * width + right);
  return { width, height, channels: 1, data } as const;
}

const SQUARE = { width: 64, height: 64 };

Deno.test("the part is widened by the padding and then to the proportions of the work", () => {
  const mask = boxed([100, 80], [40, 30, 50, 36]);
  assertEquals(cropRegion(mask, { padding: 0, sides: SQUARE }), {
    left: 40,
    top: 28,
    width: 10,
    height: 10,
  });
  assertEquals(cropRegion(mask, { padding: 3, sides: SQUARE }), {
    left: 37,
    top: 25,
    width: 16,
    height: 16,
  });
  assertEquals(cropRegion(mask, { padding: 0, sides: { width: 30, height: 10 } }), {
    left: 36,
    top: 30,
    width: 18,
    height: 6,
  });
});

Deno.test("at an edge it is moved inwards; a part larger than the picture is the picture's", () => {
  assertEquals(cropRegion(boxed([40, 20], [0, 0, 4, 12]), { padding: 2, sides: SQUARE }), {
    left: 0,
    top: 0,
    width: 14,
    height: 14,
  });
  assertEquals(cropRegion(boxed([40, 20], [36, 6, 40, 20]), { padding: 2, sides: SQUARE }), {
    left: 24,
    top: 4,
    width: 16,
    height: 16,
  });
  // 30 wide, but the picture is only 20 high.
  assertEquals(cropRegion(boxed([40, 20], [5, 8, 35, 10]), { padding: 0, sides: SQUARE }), {
    left: 5,
    top: 0,
    width: 30,
    height: 20,
  });
});

Deno.test("any grey counts, and a black mask has no part", () => {
  const mask = boxed([8, 8], [0, 0, 0, 0]);
  assertThrows(() => cropRegion(mask, { padding: 1, sides: SQUARE }), SettingsError, "black");
  mask.data[9] = 1;
  const { left, top, width } = cropRegion(mask, { padding: 0, sides: SQUARE });
  assertEquals([left, top, width], [1, 1, 1]);
});

Deno.test("a part is cut out of a picture of any channels", () => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, at) => at);
  const part = cropPicture({ width: 4, height: 3, channels: 3, data }, {
    left: 2,
    top: 1,
    width: 2,
    height: 2,
  });
  assertEquals([part.width, part.height], [2, 2]);
  assertEquals([...part.data], [18, 19, 20, 21, 22, 23, 30, 31, 32, 33, 34, 35]);
});

Deno.test("a mask of another size than the picture is measured before it is resized", () => {
  const mask = boxed([20, 20], [8, 8, 12, 12]);
  const picture = { width: 40, height: 60 };
  assertEquals(cropRegion(mask, { padding: 0, sides: { width: 8, height: 12 }, picture }), {
    left: 16,
    top: 24,
    width: 8,
    height: 12,
  });
  const fine = boxed([90, 90], [40, 40, 41, 41]);
  assertEquals(cropRegion(fine, { padding: 1, sides: SQUARE, picture: { width: 9, height: 9 } }), {
    left: 3,
    top: 3,
    width: 3,
    height: 3,
  });
});
