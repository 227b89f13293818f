import { assertEquals, assertThrows } from "@std/assert";
import { pictureGrid } from "./grid.ts";

Deno.test("a grid has its pictures in reading order, and black where there is none", () => {
  const picture = (value: number) =>
    ({ width: 2, height: 1, channels: 1, data: Uint8Array.of(value, value + 1) }) as const;
  const grid = pictureGrid([picture(10), picture(20), picture(30)]);
  assertEquals([grid.width, grid.height], [4, 2]);
  assertEquals([...grid.data], [10, 11, 20, 21, 30, 31, 0, 0]);
  assertThrows(() => pictureGrid([]), RangeError, "no pictures");
  const other = { width: 1, height: 1, channels: 1, data: Uint8Array.of(1) } as const;
  assertThrows(() => pictureGrid([picture(1), other]), RangeError, "picture 1 is 1 x 1 x 1");
});
