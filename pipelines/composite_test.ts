import { assertEquals } from "@std/assert";
import type { Picture } from "../formats/images/picture.ts";
import { composite } from "./composite.ts";

function plain(width: number, height: number, value: number): Picture {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(value) };
}

function grey(width: number, values: readonly number[]): Picture {
  return { width, height: values.length / width, channels: 1, data: Uint8Array.from(values) };
}

/** One value a pixel. */
function pixels({ data }: Picture): number[] {
  return Array.from({ length: data.length / 3 }, (_, at) => {
    assertEquals([data[3 * at + 1], data[3 * at + 2]], [data[3 * at], data[3 * at]]);
    return data[3 * at]!;
  });
}

Deno.test("what is black in the mask stays, what is white is new, grey is cut at half", () => {
  const mask = grey(4, [0, 127, 128, 255]);
  const options = { into: plain(4, 1, 10), mask };
  assertEquals(pixels(composite(plain(4, 1, 90), { ...options, soft: false })), [10, 10, 90, 90]);
});

Deno.test("a soft mask blends in proportion and leaves black as it is", () => {
  const mask = grey(4, [0, 51, 128, 255]);
  const options = { into: plain(4, 1, 0), mask };
  assertEquals(pixels(composite(plain(4, 1, 100), { ...options, soft: true })), [0, 20, 50, 100]);
});

Deno.test("a part goes where it was cut out, in its own size", () => {
  const mask = grey(3, [255, 255, 0, 255, 255, 255]);
  const region = { left: 1, top: 0, width: 2, height: 2 };
  const made = composite(plain(8, 8, 90), { into: plain(3, 2, 10), mask, soft: false, region });
  assertEquals(pixels(made), [10, 90, 10, 10, 90, 90]);
});

Deno.test("a picture of another size is brought to the given one's, which may be grey or have alpha", () => {
  const mask = grey(2, [255, 0]);
  for (const channels of [1, 4] as const) {
    const into: Picture = { width: 2, height: 1, channels, data: new Uint8Array(2 * channels) };
    const made = composite(plain(4, 2, 90), { into, mask, soft: false });
    assertEquals([made.channels, made.width, ...pixels(made)], [3, 2, 90, 0]);
  }
});
