import { assertEquals, assertThrows } from "@std/assert";
import { countChangedOutside, fillFrom, holeAround, holeMask, isInside } from "./hole.ts";

const HOLE = { left: 1, top: 2, right: 3, bottom: 4 };

function picture(level: number) {
  return { height: 5, width: 4, data: new Uint8Array(60).fill(level) };
}

Deno.test("a hole is a square of 1.3 radii around the thing, inside the picture", () => {
  const thing = { shape: "star", colour: "red", size: "medium" } as const;
  // int(0.34 * 1.3 * 64) = 28
  assertEquals(holeAround({ ...thing, x: 0, y: 0.25 }, 128), {
    left: 36,
    top: 52,
    right: 92,
    bottom: 108,
  });
  // int(0.5 * 1.3 * 64) = 41; the centre is at int(0.609 * 128) = 77 and int(0.2 * 128) = 25
  assertEquals(holeAround({ ...thing, size: "large", x: 0.218, y: -0.6 }, 128), {
    left: 36,
    top: 0,
    right: 118,
    bottom: 66,
  });
});

Deno.test("the mask is white in the hole and black elsewhere", () => {
  const { width, height, channels, data } = holeMask(HOLE, 5);
  assertEquals([width, height, channels], [5, 5, 1]);
  data.forEach((value, pixel) => {
    const at = { column: pixel % 5, row: Math.floor(pixel / 5) };
    assertEquals(value, isInside(HOLE, at) ? 255 : 0);
  });
  assertEquals(data.filter((value) => value === 255).length, 4);
});

Deno.test("only what is outside of the hole counts as changed", () => {
  const filled = fillFrom(picture(1), { filling: picture(2), hole: HOLE });
  assertEquals(filled.data.filter((value) => value === 2).length, 12);
  assertEquals(countChangedOutside([picture(1), filled], HOLE), 0);
  assertEquals(countChangedOutside([picture(1), picture(2)], HOLE), 16);
  const last = picture(1);
  last.data[59] = 0;
  assertEquals(countChangedOutside([picture(1), last], HOLE), 1);
  assertThrows(
    () => countChangedOutside([picture(1), { ...picture(1), width: 5, height: 4 }], HOLE),
    RangeError,
    "4 x 5",
  );
});
