import { assertEquals } from "@std/assert";
import { add, mul, silu } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { lastUses } from "./liveness.ts";

Deno.test("lastUses frees each value at its last reader, and never an input, a weight or an output", () => {
  const graph = trace(({ x }, weights) => {
    const a = silu(x); //                                        0
    const b = add(a, weights.tensor("bias", [3])); //            1
    const c = mul(a, a); //           a dies                     2
    silu(x); //                       unused: dies here          3
    const d = add(b, c); //           b and c die                4
    return { d, early: silu(d) }; //  d is an output             5
  }, { x: f32(3) });
  const [a, b, c, unused] = graph.nodes.map(({ id }) => id);
  const dying = lastUses(graph).map((ids) => ids.toSorted((left, right) => left - right));
  assertEquals(dying, [[], [], [a!], [unused!], [b!, c!], []]);
});
