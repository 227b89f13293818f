import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { parameterCount, specsOf } from "./graph.ts";
import { ShapeError } from "./op.ts";
import * as op from "./ops/mod.ts";
import { f32, hostTensor, i32 } from "./tensor_spec.ts";
import { Tensor, trace, type Weights } from "./trace.ts";

/** A linear layer at a cursor. */
const layer = (w: Weights, x: Tensor, out: number): Tensor =>
  w.module(() => op.linear(x, { weight: w.tensor("weight", [out, x.size(-1)]) }));

Deno.test("a graph lists inputs, parameters, nodes and outputs in order", () => {
  const graph = trace(({ x, ids }, weights) => {
    const table = weights.tensor("table", [5, 3]);
    return { sum: op.add(x, op.embedding(ids, { table })), ids };
  }, { x: f32(2, 3), ids: i32(2) });
  assertEquals(graph, {
    inputs: [{ name: "x", id: 0, spec: f32(2, 3) }, { name: "ids", id: 1, spec: i32(2) }],
    parameters: [{ name: "table", id: 2, spec: f32(5, 3) }],
    nodes: [
      { id: 3, op: "gather", attributes: { axis: 0 }, inputs: [2, 1], output: f32(2, 3), site: "" },
      {
        id: 4,
        op: "binary",
        attributes: { f: "add" },
        inputs: [0, 3],
        output: f32(2, 3),
        site: "",
      },
    ],
    outputs: [{ name: "sum", id: 4 }, { name: "ids", id: 1 }],
    modules: new Map(),
  });
  assertEquals(structuredClone(graph), graph, "a graph is data");
  assertEquals(specsOf(graph).get(4), f32(2, 3));
  assertEquals(parameterCount(graph), 15);
});

Deno.test("an op that keeps its input's shape leaves no tensor in the graph", () => {
  const { nodes } = trace(({ x }) => op.softmax(x, { axis: 0 }), { x: f32(2) });
  assertEquals({ ...nodes[0]!.output }, f32(2));
  assert(!(nodes[0]!.output instanceof Tensor));
});

Deno.test("a tensor with data is a spec, and its data stays outside", () => {
  const given = hostTensor([2], [1, 2]);
  const { inputs } = trace(({ x }) => x, { x: given });
  assertEquals(inputs, [{ name: "x", id: 0, spec: f32(2) }]);
});

Deno.test("one tensor is called output", () => {
  assertEquals(trace(({ x }) => x, { x: f32(1) }).outputs, [{ name: "output", id: 0 }]);
});

Deno.test("nodes have the path of the innermost module, and modules end in their results", () => {
  const graph = trace(({ x }, weights) => {
    const block = weights.at("blocks").at("0").module((w) => {
      const inner = op.silu(layer(w.at("proj.in"), x, 4));
      return op.add(inner, x);
    });
    return op.exp(block);
  }, { x: f32(1, 4) });
  assertEquals(
    graph.nodes.map(({ op, site }) => [op, site]),
    [
      ["linear", "blocks.0.proj.in"],
      ["unary", "blocks.0"],
      ["binary", "blocks.0"],
      ["unary", ""],
    ],
  );
  const [linear, , sum] = graph.nodes;
  assertEquals(
    [...graph.modules],
    [["blocks.0.proj.in", linear!.id], ["blocks.0", sum!.id]],
  );
  assertEquals(graph.parameters[0]!.name, "blocks.0.proj.in.weight");
});

Deno.test("a module that throws gives the site back", () => {
  const graph = trace(({ x }, weights) => {
    assertThrows(
      () =>
        weights.at("broken").module(() => {
          throw new Error("no");
        }),
      Error,
      "no",
    );
    return op.silu(x);
  }, { x: f32(1) });
  assertEquals(graph.nodes[0]!.site, "");
});

Deno.test("a shape that does not fit is an error with its site", () => {
  const build = (site: string) => () =>
    trace(
      ({ x, y }, weights) => weights.at(site).module(() => op.matmul([x, y])),
      { x: f32(2, 77, 768), y: f32(640, 320) },
    );
  const error = assertThrows(
    build("mid_block.attentions.0.to_q"),
    ShapeError,
    "Cannot multiply [2, 77, 768] by [640, 320] at mid_block.attentions.0.to_q: inner sizes differ " +
      "(768, 640)",
  );
  assertEquals(error.name, "ShapeError");
  assertEquals(error.action, "multiply [2, 77, 768] by [640, 320]");
  assertEquals(error.reason, "inner sizes differ (768, 640)");
  assertThrows(build(""), ShapeError, "by [640, 320]: inner sizes");
});

Deno.test("a parameter is one, by its name, and has one shape", () => {
  const graph = trace(({ x }, weights) => {
    const w = weights.at("layer").tensor("weight", [4, 4]);
    assertStrictEquals(weights.tensor("layer.weight", [4, 4]), w);
    return op.linear(op.linear(x, { weight: w }), { weight: w });
  }, { x: f32(1, 4) });
  assertEquals(graph.parameters.length, 1);
  assertThrows(
    () =>
      trace((_, weights) => {
        weights.tensor("layer.weight", [4, 4]);
        return weights.at("layer").module((w) => w.tensor("weight", [4, 4, 1, 1]));
      }, {}),
    ShapeError,
    "Cannot use layer.weight as [4, 4, 1, 1] at layer: it is [4, 4] elsewhere in this graph",
  );
});

Deno.test("a tensor of another trace is refused, as operand and as output", () => {
  let foreign: Tensor | undefined;
  trace(({ x }) => foreign = x, { x: f32(1) });
  const message = "a tensor of another trace";
  assertThrows(() => trace(({ x }) => op.add(x, foreign!), { x: f32(1) }), Error, message);
  assertThrows(() => trace(() => foreign!, { x: f32(1) }), Error, `output: it is ${message}`);
});

Deno.test("ops and parameters need a trace in progress", () => {
  let kept: Tensor | undefined;
  let cursor: Weights | undefined;
  trace(({ x }, weights) => {
    cursor = weights;
    return kept = x;
  }, { x: f32(1) });
  assertThrows(() => op.silu(kept!), Error, "ops work only inside the function given to trace");
  assertThrows(() => cursor!.tensor("w", [1]), Error, "only inside the function given to trace");
});

Deno.test("a trace within a trace, or one that throws, leaves the outer as it was", () => {
  const outer = trace(({ x }) => {
    const inner = trace(({ y }) => op.exp(op.exp(y)), { y: f32(7) });
    assertEquals(inner.nodes.length, 2);
    assertThrows(() => trace(() => op.reshape(x, [3]), {}), Error, "another trace");
    return op.silu(x);
  }, { x: f32(1) });
  assertEquals(outer.nodes.map(({ op }) => op), ["unary"]);
  assertThrows(() => op.constant([1], { shape: [] }), Error, "only inside");
});

Deno.test("axes count from both ends", () => {
  trace(({ x }) => {
    assertEquals([x.size(0), x.size(-1), x.size(-2)], [2, 5, 3]);
    assertThrows(() => x.size(3), RangeError, "Cannot read axis 3 of f32[2, 3, 5]");
    return x;
  }, { x: f32(2, 3, 5) });
});
