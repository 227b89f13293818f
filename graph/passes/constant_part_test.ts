import { assertEquals, assertThrows } from "@std/assert";
import { add, linear, silu } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { constantPart } from "./constant_part.ts";

const graph = trace(({ sample, context }, weights) => {
  const weight = weights.tensor("to_k", [4, 4]);
  const key = linear(context, { weight }); // of context alone
  const doubled = add(weight, weight); // of weights alone
  return { key: silu(key), mixed: add(linear(sample, { weight: doubled }), key) };
}, { sample: f32(2, 4), context: f32(2, 4) });

const opsOf = (names: readonly string[]) => {
  const part = constantPart(graph, names);
  return graph.nodes.filter(({ id }) => part.has(id)).map(({ op }) => op);
};

Deno.test("constantPart holds what depends on parameters and the named inputs alone", () => {
  assertEquals(opsOf([]), ["binary"]);
  assertEquals(opsOf(["context"]), ["linear", "binary", "unary"]);
  assertEquals(opsOf(["context", "sample"]).length, graph.nodes.length);
});

Deno.test("constantPart knows the graph's inputs", () => {
  assertThrows(() => constantPart(graph, ["prompt"]), RangeError, "the input prompt constant");
});
