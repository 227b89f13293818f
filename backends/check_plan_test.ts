import { assert, assertEquals } from "@std/assert";
import type { ValueId } from "../graph/graph.ts";
import * as op from "../graph/ops/mod.ts";
import { f32 } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import type { Program } from "./backend.ts";
import { type FusedProgram, planCheck } from "./check_plan.ts";

const graph = trace(({ x, unused }, weights) => {
  const a = op.silu(x);
  const b = op.mul(a, weights.tensor("w", [4]));
  op.exp(b); // no output needs it
  const c = op.add(op.add(b, a), x);
  return { c, w: weights.tensor("w", [4]), x, unused };
}, { x: f32(3, 4), unused: f32(1) });
const [a, b, , sum, c] = graph.nodes.map(({ id }) => id) as [
  number,
  number,
  number,
  number,
  number,
];
const w = graph.parameters[0]!.id;
const x = graph.inputs[0]!.id;
const program: Program = {
  graph,
  run: () => ({}),
  [Symbol.dispose]() {},
};

Deno.test("every node and every weight that is an output is compared once", () => {
  const plan = planCheck(graph, program);
  assertEquals(plan.length, 1);
  assertEquals(plan[0]!.groups.map(({ value }) => value), [w, a, b, sum, c]);
  for (const group of plan[0]!.groups) {
    assertEquals(group.graph.nodes.length, group.value === w ? 0 : 1);
    assert(group.graph.inputs.every(({ id }) => id !== w), "weights stay weights");
  }
  assertEquals(plan[0]!.graph.inputs.map(({ id }) => id), [x]);
  assertEquals(new Set(plan[0]!.dying), new Set([a, b, sum]));
});

Deno.test("segments hold as many values as fit, and what later ones need lives on", () => {
  const plan = planCheck(graph, program, 2 * 4 * 12);
  assertEquals(plan.map(({ groups }) => groups.map(({ value }) => value)), [[w, a], [b, sum], [c]]);
  assertEquals(plan.map(({ graph }) => graph.inputs.map(({ id }) => id)), [[x], [a], [sum, x]]);
  assertEquals(plan.map(({ dying }) => [...dying].sort()), [[], [a, b], [sum]]);
});

Deno.test("a value larger than a segment has one of its own", () => {
  assertEquals(planCheck(graph, program, 1).length, 5);
});

Deno.test("fused nodes belong to each value that is made from them", () => {
  const fused: FusedProgram = { ...program, materialised: new Set<ValueId>([b]) };
  const { groups } = planCheck(graph, fused)[0]!;
  assertEquals(groups.map(({ value }) => value), [w, b, c]);
  assertEquals(groups.map((group) => group.graph.nodes.map(({ id }) => id)), [[], [a, b], [
    a,
    sum,
    c,
  ]]);
  assertEquals(groups[2]!.graph.inputs.map(({ id }) => id), [x, b]);
});
