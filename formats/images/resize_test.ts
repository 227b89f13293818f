import { assertEquals, assertThrows } from "@std/assert";
import type { Picture } from "./picture.ts";
import { resize, type ResizeFilter } from "./resize.ts";

function row(...data: number[]): Picture {
  return { width: data.length, height: 1, channels: 1, data: Uint8Array.from(data) };
}

function widen(picture: Picture, width: number, filter: ResizeFilter): number[] {
  return [...resize(picture, { width, height: 1, filter }).data];
}

Deno.test("resize weighs as each filter's formula says", () => {
  assertEquals(widen(row(0, 100, 200, 250), 8, "nearest"), [0, 0, 100, 100, 200, 200, 250, 250]);
  assertEquals(widen(row(0, 100, 200, 250), 2, "box"), [50, 225]);
  assertEquals(widen(row(0, 200), 4, "bilinear"), [0, 50, 150, 200]);
  // a = -1/2 at 1/4 and 3/4: weights 111/128, 29/128, -9/128, -3/128, of which the edge keeps some.
  const inner = (29 * 0 + 111 * 200 - 9 * 200) / (29 + 111 - 9);
  assertEquals(widen(row(0, 200, 200), 6, "bicubic").at(2), Math.round(inner));
});

Deno.test("resize clamps overshoot and keeps flat pictures flat", () => {
  assertEquals(Math.max(...widen(row(0, 0, 255, 255), 16, "lanczos")), 255);
  assertEquals(Math.min(...widen(row(0, 0, 255, 255), 16, "lanczos")), 0);
  for (const filter of ["nearest", "box", "bilinear", "bicubic", "lanczos"] as const) {
    assertEquals(widen(row(77, 77, 77, 77, 77), 13, filter), Array(13).fill(77));
    assertEquals(widen(row(77, 77, 77, 77, 77), 2, filter), [77, 77]);
  }
});

Deno.test("resize does not let colours shine through transparency", () => {
  const data = Uint8Array.of(255, 0, 0, 0, 0, 0, 255, 255); // clear red beside blue
  const { data: mixed } = resize({ width: 2, height: 1, channels: 4, data }, {
    width: 1,
    height: 1,
    filter: "box",
  });
  assertEquals(mixed, Uint8Array.of(0, 0, 255, 128));
});

Deno.test("resize takes a part", () => {
  const picture = row(10, 20, 30, 40);
  const box = { left: 1, top: 0, right: 3, bottom: 1 };
  assertEquals([...resize(picture, { width: 2, height: 1, filter: "box", box }).data], [20, 30]);
  assertEquals([...resize(picture, { width: 2, height: 1, filter: "nearest", box }).data], [
    20,
    30,
  ]);
});

Deno.test("resize refuses sizes and boxes that do not exist", () => {
  assertThrows(() => resize(row(1), { width: 0, height: 1 }), RangeError, "resize to 0 x 1");
  assertThrows(() => resize(row(1), { width: 1.5, height: 1 }), RangeError, "1.5 x 1");
  const box = { left: 0, top: 0, right: 2, bottom: 1 };
  assertThrows(() => resize(row(1), { width: 1, height: 1, box }), RangeError, "outside of 1 x 1");
});
