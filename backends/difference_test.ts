import { assert, assertEquals, assertThrows } from "@std/assert";
import { type HostTensor, hostTensor } from "../graph/tensor_spec.ts";
import { axesOf, isWithin, shareOf, type Tolerance, worstDifference } from "./difference.ts";

const floats = (...numbers: number[]): HostTensor => hostTensor([numbers.length], numbers);
const wholes = (...numbers: number[]): HostTensor => ({
  dtype: "i32",
  shape: [numbers.length],
  data: Int32Array.from(numbers),
});
const worst = (actual: HostTensor, expected: HostTensor, tolerance?: Tolerance) =>
  worstDifference({ actual, expected }, tolerance)!;

Deno.test("the bound follows the largest finite magnitude that is expected", () => {
  const found = worst(floats(1, 99.5, 3), floats(1, 100, 3));
  assertEquals([found.index, found.actual, found.expected], [1, 99.5, 100]);
  assertEquals([found.difference, isWithin(found)], [0.5, false]);
  assert(Math.abs(found.bound - 4e-3) < 1e-9);
  assert(shareOf(found) > 100);
  assertEquals(isWithin(worst(floats(1.003, 100), floats(1, 100))), true);
  assertEquals(isWithin(worst(floats(1.003, Infinity), floats(1, Infinity))), false);
  assertEquals(isWithin(worst(floats(0, 0), floats(0, 1e-3))), false, "zeros never pass");
});

Deno.test("a tolerance is an error or a share", () => {
  const pair = [floats(1.01), floats(1)] as const;
  assertEquals(isWithin(worst(...pair, { relative: 0.02 })), true);
  assertEquals(isWithin(worst(...pair, { error: 1e-3 })), true);
  assertEquals(isWithin(worst(...pair, { error: 1e-4 })), false);
});

Deno.test("NaN and infinities agree with themselves alone", () => {
  const same = worst(floats(NaN, Infinity, 1), floats(NaN, Infinity, 1));
  assertEquals([same.difference, shareOf(same)], [0, 0]);
  for (const [actual, expected] of [[NaN, 1], [1, NaN], [NaN, Infinity]] as const) {
    const found = worst(floats(50, actual, 7), floats(0, expected, 7));
    assertEquals([found.index, isWithin(found), shareOf(found)], [1, false, Infinity]);
  }
  for (const [actual, expected] of [[Infinity, 1], [-Infinity, Infinity]] as const) {
    assertEquals(isWithin(worst(floats(actual), floats(expected))), false);
  }
});

Deno.test("numbers that a GPU may take for 0 are no difference from 0", () => {
  assertEquals(isWithin(worst(floats(0), floats(1e-39))), true);
  assertEquals(isWithin(worst(floats(0), floats(1e-37))), false);
});

Deno.test("whole numbers are equal or not", () => {
  assertEquals(isWithin(worst(wholes(1, 2), wholes(1, 2))), true);
  const found = worst(wholes(1, 1_000_001), wholes(1, 1_000_000), { error: 1 });
  assertEquals([found.index, isWithin(found), shareOf(found)], [1, false, Infinity]);
});

Deno.test("nothing has no worst element, and unlike sizes are not compared", () => {
  assertEquals(worstDifference({ actual: floats(), expected: floats() }), undefined);
  assertThrows(
    () => worst(floats(1), floats(1, 2)),
    RangeError,
    "Cannot compare 1 elements with 2",
  );
});

Deno.test("a position is an index along each axis", () => {
  assertEquals(axesOf(23, [2, 3, 4]), [1, 2, 3]);
  assertEquals(axesOf(4, [2, 3, 4]), [0, 1, 0]);
  assertEquals(axesOf(0, []), []);
});
