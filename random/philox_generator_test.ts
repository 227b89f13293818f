import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { PhiloxGenerator } from "./philox_generator.ts";

Deno.test("the first normals of seed 0 are those of a GPU", () => {
  const normals = new PhiloxGenerator(0).randn(4);
  [-0.92466259, -0.42534415, -2.6438457, 0.14518388].forEach((value, i) => {
    assertAlmostEquals(normals[i]!, value, 1e-5);
  });
});

Deno.test("a thread gives its four normals before it starts anew", () => {
  const few = new PhiloxGenerator(3, { mostThreads: 256 });
  const whole = few.randn(4 * 256 + 1);
  // More elements than four a thread take a second round, which is the first of the next draw.
  const other = new PhiloxGenerator(3, { mostThreads: 256 });
  assertEquals(other.randn(4 * 256), whole.subarray(0, 4 * 256));
  assertEquals(other.randn(1)[0], whole[4 * 256]);
  // The generator that drew them together has had two rounds by now.
  assertEquals(few.randn(1)[0], other.randn(1)[0]);
});

Deno.test("the high word of the seed counts", () => {
  assertNotEquals(new PhiloxGenerator(5).randn(8), new PhiloxGenerator(2 ** 32 + 5).randn(8));
  assertEquals(new PhiloxGenerator(-1).randn(8), new PhiloxGenerator(2n ** 64n - 1n).randn(8));
});

Deno.test("a number of threads that no launch has is refused", () => {
  assertThrows(() => new PhiloxGenerator(0, { mostThreads: 100 }), RangeError, "100 threads");
});
