import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { TorchGenerator } from "./torch_generator.ts";

Deno.test("the first normals of seed 0 are those that torch prints", () => {
  const rounded = Array.from(new TorchGenerator(0).randn(3), (value) => value.toFixed(4));
  assertEquals(rounded, ["1.5410", "-0.2934", "-2.1788"]);
});

Deno.test("small draws continue each other, the kept normal included", () => {
  const generator = new TorchGenerator(9);
  const parts = [1, 2, 5].flatMap((size) => [...generator.randn(size)]);
  assertEquals(parts, [...new TorchGenerator(9).randn(8)]);
});

Deno.test("a long draw leaves the kept normal to the next small one", () => {
  const generator = new TorchGenerator(9);
  generator.randn(1);
  generator.randn(40);
  assertEquals(generator.randn(1)[0], new TorchGenerator(9).randn(2)[1]);
});

Deno.test("a draw that 16 does not divide makes its last 16 normals anew", () => {
  const [short, long] = [new TorchGenerator(4).randn(32), new TorchGenerator(4).randn(33)];
  assertEquals(long.subarray(0, 17), short.subarray(0, 17));
  const generator = new TorchGenerator(4);
  generator.rand(33);
  assertEquals(long.subarray(17), generator.randn(16));
});

Deno.test("half precision skips the uniforms of an incomplete block", () => {
  const half = new TorchGenerator(4).randnHalf(33);
  const generator = new TorchGenerator(4);
  const normals = generator.randn(32);
  assertEquals(half.subarray(0, 17), new Float16Array(normals.subarray(0, 17)));
  assertEquals(half.subarray(17), new Float16Array(generator.randn(16)));
});

Deno.test("normals have the moments of N(0, 1)", () => {
  const size = 1 << 16;
  const normals = new TorchGenerator(1).randn(size);
  const moment = (power: number) => normals.reduce((sum, value) => sum + value ** power, 0) / size;
  // Five standard errors: the variances of x, x^2 and x^4 are 1, 2 and 96.
  assertAlmostEquals(moment(1), 0, 5 * Math.sqrt(1 / size));
  assertAlmostEquals(moment(2), 1, 5 * Math.sqrt(2 / size));
  assertAlmostEquals(moment(4), 3, 5 * Math.sqrt(96 / size));
});

Deno.test("integers span from low up to but not including high, wide spans included", () => {
  const generator = new TorchGenerator(0);
  const dice = new Set(generator.randint(1000, { low: 1, high: 7 }));
  assertEquals([...dice].sort(), [1, 2, 3, 4, 5, 6]);
  for (const value of generator.randint(1000, { low: -(2 ** 40), high: 2 ** 40 })) {
    assertEquals(Number.isInteger(value) && Math.abs(value) <= 2 ** 40, true);
  }
  assertThrows(() => generator.randint(1, { low: 3, high: 3 }), RangeError, "from 3");
});

Deno.test("a permutation has every integer once", () => {
  const order = new TorchGenerator(0).randperm(100);
  assertEquals(order.toSorted(), new Int32Array(100).map((_, i) => i));
});

Deno.test("seeds count modulo 2^32 and may be bigints", () => {
  const first = (seed: number | bigint) => new TorchGenerator(seed).randn(1)[0];
  assertEquals(first(2 ** 32 + 5), first(5));
  assertEquals(first(-1), first(2 ** 32 - 1));
  assertEquals(first(2n ** 53n + 1n), first(1));
});

Deno.test("seeds and sizes that torch would refuse, or that a double cannot hold, are refused", () => {
  for (const seed of [0.5, NaN, 2 ** 53 + 2, 2n ** 64n, -(2n ** 63n) - 1n]) {
    assertThrows(() => new TorchGenerator(seed), RangeError, `with ${seed}`);
  }
  for (const size of [-1, 1.5, NaN]) {
    assertThrows(() => new TorchGenerator(0).randn(size), RangeError, `draw ${size}`);
  }
});
