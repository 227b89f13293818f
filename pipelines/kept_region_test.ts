import { assertEquals, assertThrows } from "@std/assert";
import type { Picture } from "../formats/images/picture.ts";
import { hostTensor } from "../graph/tensor_spec.ts";
import { keptPositions, pasteKept, readImages, readKeepMask } from "./kept_region.ts";
import { SettingsError } from "./settings.ts";

function grey(width: number, height: number, value: number): Picture {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(value) };
}

Deno.test("a position is kept where all of its pixels are: nothing of a thin hole stays", () => {
  const keep = hostTensor([2, 1, 4, 4], new Float32Array(32).fill(1));
  keep.data[5] = 0; // one pixel of the first mask, in its upper left position
  keep.data[16 + 15] = 0.25; // a soft one of the second, in its lower right
  const kept = keptPositions(keep, 2);
  assertEquals(kept.shape, [2, 1, 2, 2]);
  assertEquals(kept.data, Float32Array.of(0, 1, 1, 1, 1, 1, 1, 0.25));
  assertEquals(keptPositions(keep, 1), keep);
});

Deno.test("pictures are put over made ones by their masks, each picture over its own copies", () => {
  const made = hostTensor([4, 1, 1, 2], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  const pictures = hostTensor([2, 1, 1, 2], [-1, -1, 1, 1]);
  const keep = hostTensor([1, 1, 1, 2], [1, 0.5]);
  const { data } = pasteKept(made, { pictures, keep });
  assertEquals(data, Float32Array.of(0, 0.25, 0, 0.25, 1, 0.75, 1, 0.75));
});

Deno.test("a picture is -1..1 at the model's size, a mask is cut at one half, a tensor stays soft", () => {
  const { pictures, sides } = readImages(grey(9, 6, 255), { channels: 3, multiple: 4 });
  assertEquals(sides, { width: 8, height: 4 });
  assertEquals(pictures.shape, [1, 3, 4, 8]);
  assertEquals([...new Set(pictures.data)], [1]);
  const options = { sides: { width: 2, height: 1 }, count: 1 };
  const mask = { ...grey(2, 1, 0), data: Uint8Array.of(127, 128) };
  assertEquals(readKeepMask(mask, options).data, Float32Array.of(0, 1));
  const soft = hostTensor([1, 1, 1, 2], [0.25, 0.75]);
  assertEquals(readKeepMask(soft, options).data, soft.data);
});

Deno.test("tensors are taken as results give them, and never resized", () => {
  const tensor = hostTensor([1, 1, 2, 2], [0, 0.25, 0.5, 1]);
  const { pictures } = readImages(tensor, { channels: 1, multiple: 2 });
  assertEquals(pictures.data, Float32Array.of(-1, -0.5, 0, 1));
  const refused = (given: Parameters<typeof readImages>[0], more = {}) =>
    assertThrows(
      () => readImages(given, { channels: 1, multiple: 2, ...more }),
      SettingsError,
    );
  refused(tensor, { width: 4 });
  refused(hostTensor([1, 1, 2, 3], [0, 0, 0, 0, 0, 0]));
  refused(hostTensor([1, 1, 2, 2], [0, 0, 0, 1.5]));
  refused(hostTensor([1, 1, 2, 2], [0, 0, 0, NaN]));
  refused(hostTensor([1, 2, 1, 2], [0, 0, 0, 0]));
  refused({ dtype: "i32", shape: [1, 1, 2, 2], data: new Int32Array(4) });
  refused(hostTensor([0, 1, 2, 2], []));
  refused(grey(2, 2, 0), { channels: 4 });
});

Deno.test("masks that do not fit the pictures are refused", () => {
  const options = { sides: { width: 2, height: 2 }, count: 3 };
  const refused = (mask: Parameters<typeof readKeepMask>[0]) =>
    assertThrows(() => readKeepMask(mask, options), SettingsError);
  refused([]);
  refused([grey(2, 2, 0), grey(2, 2, 0)]);
  refused({ ...grey(2, 2, 0), data: new Uint8Array(3) });
  refused(hostTensor([1, 1, 1, 2], [0, 0]));
  refused(hostTensor([1, 1, 2, 2], [0, 0, 0, -1]));
  refused(undefined as never);
});
