import { assertEquals, assertThrows } from "@std/assert";
import { linear, silu } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { withOutputs } from "./with_outputs.ts";

const graph = trace(({ x, unused }, weights) => {
  const layer = (name: string, input: typeof x) =>
    weights.at(name).module((w) => linear(input, { weight: w.tensor("weight", [4, 4]) }));
  const last = silu(layer("blocks.1.proj", layer("blocks.0.proj", x)));
  return { sample: last, given: unused };
}, { x: f32(1, 4), unused: f32(2) });

Deno.test("withOutputs makes a module's end an output and drops what it does not need", () => {
  const inner = withOutputs(graph, ["blocks.0.proj"]);
  assertEquals(inner.outputs, [{ name: "blocks.0.proj", id: inner.nodes[0]!.id }]);
  assertEquals(inner.nodes.length, 1);
  assertEquals(inner.parameters.map(({ name }) => name), ["blocks.0.proj.weight"]);
  assertEquals([...inner.modules.keys()], ["blocks.0.proj"]);
  assertEquals(inner.inputs, graph.inputs);
});

Deno.test("withOutputs mixes outputs and modules in the order asked for, each once", () => {
  const names = ["given", "blocks.1.proj", "sample", "given"];
  assertEquals(withOutputs(graph, names).outputs.map(({ name }) => name), [
    "given",
    "blocks.1.proj",
    "sample",
  ]);
  assertEquals(withOutputs(graph, []).nodes, []);
});

Deno.test("withOutputs names what is near an unknown path", () => {
  assertThrows(
    () => withOutputs(graph, ["block.1.proj"]),
    RangeError,
    "Cannot output block.1.proj: the graph has no such module or output; near it are blocks.1.proj, blocks.0.proj",
  );
  assertThrows(
    () => withOutputs(graph, ["zzz"]),
    RangeError,
    "Cannot output zzz: the graph has no such module or output",
  );
});
