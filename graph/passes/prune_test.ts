import { assertEquals } from "@std/assert";
import { add, linear, silu } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { prune } from "./prune.ts";

Deno.test("prune leaves out nodes, parameters and modules that no output needs, and keeps inputs", () => {
  const graph = trace(({ x, y }, weights) => {
    weights.at("dead").module((w) => silu(linear(x, { weight: w.tensor("weight", [4, 4]) })));
    return weights.at("live").module(() => add(y, 1));
  }, { x: f32(1, 4), y: f32(2) });
  assertEquals(graph.nodes.length, 4);
  const pruned = prune(graph);
  assertEquals(pruned.nodes.map(({ op }) => op), ["constant", "binary"]);
  assertEquals(pruned.parameters, []);
  assertEquals([...pruned.modules.keys()], ["live"]);
  assertEquals(pruned.inputs, graph.inputs);
  assertEquals(prune(pruned), pruned);
});
