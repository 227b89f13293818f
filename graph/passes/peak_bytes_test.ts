import { assertEquals } from "@std/assert";
import { add, concat, mul } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { peakBytes } from "./peak_bytes.ts";

Deno.test("what is alive at once is counted: inputs always, values until their last use", () => {
  const graph = trace(({ x }) => {
    const one = mul(x, 2); // 40 bytes
    const two = mul(one, 3); // one dies here
    return concat([two, add(two, 1)], { axis: 0 });
  }, { x: f32(10) });
  // At the last node: the input, two, two + 1, and their 80 bytes together.
  assertEquals(peakBytes(graph), 40 + 40 + 40 + 80);
});
