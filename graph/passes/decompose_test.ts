import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Node } from "../graph.ts";
import { add, attention, geglu, linear, ops, reshape, softmax } from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { decompose, UnsupportedOpError } from "./decompose.ts";
import { withOutputs } from "./with_outputs.ts";

const bottom = ({ op }: Node) => ops[op].decompose === undefined;

const network = () =>
  trace(({ x }, weights) => {
    const dropped = weights.at("dropout").module(() => x);
    const outer = weights.at("outer").module((w) =>
      w.at("inner").module((v) =>
        linear(dropped, { weight: v.tensor("weight", [8, 8]), bias: v.tensor("bias", [8]) })
      )
    );
    return { gated: geglu(outer), again: outer, x };
  }, { x: f32(2, 8) });

Deno.test("decompose leaves a graph of supported ops as it is", () => {
  const graph = network();
  assertEquals(decompose(graph, () => true), graph);
});

Deno.test("decompose keeps outputs, modules, parameters and the ids that they refer to", () => {
  const graph = network();
  const simple = decompose(graph, bottom);
  assertEquals(simple.outputs, graph.outputs);
  assertEquals(simple.modules, graph.modules);
  assertEquals(simple.parameters, graph.parameters);
  assertEquals(
    simple.nodes.map(({ op }) => op),
    ["matmul", "binary", "slice", "slice", "unary", "binary"],
  );
  assertEquals(withOutputs(simple, ["dropout"]).nodes, []);
});

Deno.test("decompose puts the new nodes at the old node's site, each before it is used", () => {
  const simple = decompose(network(), bottom);
  assertEquals(simple.nodes.map(({ site }) => site), [
    "outer.inner",
    "outer.inner",
    "",
    "",
    "",
    "",
  ]);
  const known = new Set([...simple.inputs, ...simple.parameters].map(({ id }) => id));
  for (const { id, inputs } of simple.nodes) {
    assertEquals(inputs.filter((input) => !known.has(input)), []);
    assertEquals(known.has(id), false);
    known.add(id);
  }
});

Deno.test("decompose goes as deep as needed", () => {
  const graph = trace(({ q, k, v }) => attention(q, { k, v, causal: true }), {
    q: f32(1, 2, 3, 4),
    k: f32(1, 2, 3, 4),
    v: f32(1, 2, 3, 4),
  });
  const shallow = decompose(graph, ({ op }) => op !== "attention");
  assertEquals(shallow.nodes.some(({ op }) => op === "softmax"), true);
  // One node of an op may be supported and another not.
  const twice = trace(({ x, w }) => linear(linear(x, { weight: w }), { weight: w }), {
    x: f32(3, 4),
    w: f32(4, 4),
  });
  const first = twice.nodes[0]!;
  const mixed = decompose(twice, ({ id, op }) => op !== "linear" || id === first.id);
  assertEquals(mixed.nodes.map(({ op }) => op), ["linear", "matmul"]);
});

Deno.test("decompose names the op and the site that it cannot replace", () => {
  const graph = trace(
    ({ x }, weights) => weights.at("mid").at("norm").module(() => softmax(x, { axis: 0 })),
    { x: f32(3) },
  );
  const error = assertThrows(
    () => decompose(graph, () => false),
    UnsupportedOpError,
    "Cannot run softmax at mid.norm",
  );
  assertStrictEquals(error.name, "UnsupportedOpError");
});

Deno.test("decompose works inside a trace", () => {
  const inner = network();
  const outer = trace(({ x }) => {
    assertEquals(decompose(inner, bottom).nodes.length, 6);
    return add(reshape(x, [4]), 1);
  }, { x: f32(2, 2) });
  assertEquals(outer.nodes.map(({ op }) => op), ["reshape", "constant", "binary"]);
});
