import { assert, assertEquals } from "@std/assert";
import type { StorageBytes } from "./container.ts";
import { readView } from "./read_view.ts";
import { countOf, extentOf, rowsOf, type TensorView } from "./tensor_view.ts";

/** Numerical Recipes' generator. */
function lcg(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function inMemory(
  bytes: Uint8Array,
  bigEndian = false,
): StorageBytes & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    size: bytes.length,
    bigEndian,
    asked,
    read: (start, end) => {
      assert(start >= 0 && end <= bytes.length);
      asked.push(end - start);
      return Promise.resolve(Uint8Array.from(bytes.subarray(start, end)));
    },
  };
}

/** Element by element, as torch defines a view. */
function naive(
  { elementSize, offset, shape, strides }: TensorView,
  { bytes, bigEndian }: { readonly bytes: Uint8Array; readonly bigEndian: boolean },
): number[] {
  const result: number[] = [];
  for (let flat = 0; flat < countOf(shape); flat++) {
    let place = offset;
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += rest % shape[axis]! * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const element = [...bytes.subarray(place * elementSize, (place + 1) * elementSize)];
    result.push(...(bigEndian ? element.reverse() : element));
  }
  return result;
}

Deno.test("any view is read in order, through windows of any size", async () => {
  const random = lcg(3);
  let windows = 0;
  for (let round = 0; round < 3000; round++) {
    const elementSize = [1, 2, 4, 8][random(4)]!;
    const shape = Array.from({ length: random(5) }, () => random(5));
    const strides = shape.map(() => random(9));
    const view = { elementSize, offset: random(7), shape, strides };
    const bytes = Uint8Array.from(
      { length: (view.offset + extentOf(view) + random(3)) * elementSize },
      () => random(256),
    );
    const bigEndian = random(2) === 0;
    const storage = inMemory(bytes, bigEndian);
    const window = [1, 16, 64, 2 ** 20][random(4)]!;
    const actual = await readView(view, { storage, window });
    assertEquals([...actual], naive(view, { bytes, bigEndian }));
    const [most] = storage.asked.toSorted((a, b) => b - a);
    if (storage.asked.length > 1) {
      windows++;
      assert(most! <= Math.max(window, elementSize));
    }
  }
  assert(windows > 500);
});

Deno.test("rows are views, too, and only they are read", async () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => i);
  const storage = inMemory(bytes);
  const table = { elementSize: 2, offset: 0, shape: [4, 3], strides: [3, 1] };
  assertEquals([...await readView(rowsOf(table, [1, 2]), { storage })], [6, 7, 8, 9, 10, 11]);
  assertEquals(storage.asked, [6]);
  const transposed = { elementSize: 2, offset: 0, shape: [3, 4], strides: [1, 3] };
  assertEquals([...await readView(rowsOf(transposed, [2, 3]), { storage })], [
    ...[4, 5, 10, 11, 16, 17, 22, 23],
  ]);
  assertEquals(storage.asked, [6, 20]); // from the row's first element to its last
  assertEquals([...await readView(rowsOf(transposed, [3, 3]), { storage })], []);
  assertEquals(storage.asked.length, 2);
});
