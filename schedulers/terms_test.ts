import { assertEquals } from "@std/assert";
import { CLEAN, kept, noise, OUTPUT, SAMPLE, sum, weightsOf } from "./terms.ts";

Deno.test("sums add up term by term", () => {
  const inner = sum([2, SAMPLE], [3, OUTPUT], [1, kept(1)]);
  assertEquals(sum([10, inner], [1, SAMPLE], [-1, noise(2)], [5, CLEAN]), {
    sample: 21,
    output: 30,
    clean: 5,
    noise: [0, 0, -1],
    kept: [0, 10],
  });
});

Deno.test("what cancels or weighs nothing is absent", () => {
  assertEquals(sum([1, SAMPLE], [-1, SAMPLE], [0, { output: Infinity }], [0, noise()]), {});
  assertEquals(weightsOf({}), [0, 0, 0]);
});
