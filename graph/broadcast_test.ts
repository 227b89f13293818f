import { assertEquals, assertThrows } from "@std/assert";
import { broadcast } from "./broadcast.ts";
import { ShapeError } from "./op.ts";

Deno.test("shapes stretch from the last axis on", () => {
  const cases: readonly (readonly [shapes: number[][], result: number[]])[] = [
    [[[2, 3], [2, 3]], [2, 3]],
    [[[2, 3], [3]], [2, 3]],
    [[[2, 3], []], [2, 3]],
    [[[], []], []],
    [[[3, 1, 5], [4, 1]], [3, 4, 5]],
    [[[1], [7]], [7]],
    [[[2, 1, 4], [3, 1], [1, 1, 1, 1]], [1, 2, 3, 4]],
    [[[0, 3], [1]], [0, 3]],
    [[[1, 3], [0, 1]], [0, 3]],
  ];
  for (const [shapes, result] of cases) {
    assertEquals(broadcast("add", shapes), result);
    assertEquals(broadcast("add", shapes.toReversed()), result);
  }
});

Deno.test("unlike sizes do not fit unless one is 1", () => {
  assertThrows(
    () => broadcast("add", [[2, 3], [2]]),
    ShapeError,
    "Cannot add [2, 3] and [2]: sizes 3 and 2 of axis 1 differ and neither is 1",
  );
  assertThrows(() => broadcast("add", [[2], [0]]), ShapeError, "sizes 2 and 0 of axis 0");
  assertThrows(
    () => broadcast("choose among", [[4, 1], [1, 2], [3, 1]]),
    ShapeError,
    "Cannot choose among [4, 1] and [1, 2] and [3, 1]: sizes 4 and 3 of axis 0 differ",
  );
});
