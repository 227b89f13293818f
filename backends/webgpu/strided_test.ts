import { assertEquals } from "@std/assert";
import { collapse, denseStrides, expand, isDense, refine, stretch } from "./strided.ts";

Deno.test("refine finds the dims that all shapes are made of", () => {
  assertEquals(refine([[2, 12], [2, 3, 4], [24]]), [2, 3, 4]);
  assertEquals(refine([[6], [2, 3]]), [2, 3]);
  assertEquals(refine([[6, 4], [1, 24, 1]]), [6, 4]);
  assertEquals(refine([[]]), []);
  // 6 = 2 x 3 and 3 x 2 have no common refinement.
  assertEquals(refine([[2, 3], [3, 2]]), undefined);
});

Deno.test("expand keeps every element's place", () => {
  assertEquals(expand({ dims: [2, 12], strides: [12, 1] }, [2, 3, 4]), [12, 4, 1]);
  assertEquals(expand({ dims: [2, 12], strides: [0, 5] }, [2, 3, 4]), [0, 20, 5]);
});

Deno.test("collapse merges what runs on evenly, for all operands at once", () => {
  assertEquals(collapse([2, 3, 4], [[12, 4, 1]]), { dims: [24], strides: [[1]] });
  // A channel's bias keeps the channel apart.
  assertEquals(collapse([2, 3, 4, 5], [[60, 20, 5, 1], [0, 1, 0, 0]]), {
    dims: [2, 3, 20],
    strides: [[60, 20, 1], [0, 1, 0]],
  });
  assertEquals(collapse([1, 1], [[7, 7]]), { dims: [], strides: [[]] });
});

Deno.test("stretch broadcasts like NumPy", () => {
  const dense = (shape: number[]) => ({ offset: 0, dims: shape, strides: denseStrides(shape) });
  assertEquals(stretch(dense([3, 1]), { shape: [3, 1], target: [2, 3, 4] }), {
    offset: 0,
    dims: [2, 3, 4],
    strides: [0, 1, 0],
  });
  assertEquals(stretch(dense([]), { shape: [], target: [5] }), {
    offset: 0,
    dims: [5],
    strides: [0],
  });
});

Deno.test("isDense tells a whole buffer from a part", () => {
  assertEquals(isDense({ offset: 0, dims: [2, 3], strides: [3, 1] }), true);
  assertEquals(isDense({ offset: 0, dims: [1, 3], strides: [99, 1] }), true);
  assertEquals(isDense({ offset: 1, dims: [2, 3], strides: [3, 1] }), false);
  assertEquals(isDense({ offset: 0, dims: [2, 3], strides: [1, 2] }), false);
});
