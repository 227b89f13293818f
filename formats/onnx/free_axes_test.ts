import { assertEquals, assertThrows } from "@std/assert";
import type { Graph } from "../../graph/graph.ts";
import * as op from "../../graph/ops/mod.ts";
import { f32, i32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { type Tensor, trace, type Traced, type Weights } from "../../graph/trace.ts";
import { lower } from "./lower.ts";
import { OnnxError } from "./onnx_error.ts";

/** Two traces of one function. */
function twice<Names extends string>(
  build: (inputs: Readonly<Record<Names, Tensor>>, weights: Weights) => Traced,
  specs: readonly [Readonly<Record<Names, TensorSpec>>, Readonly<Record<Names, TensorSpec>>],
): readonly [Graph, Graph] {
  return [trace(build, specs[0]), trace(build, specs[1])];
}

function lowered([graph, another]: readonly [Graph, Graph]) {
  const { nodes, initializers, inputs, outputs } = lower(graph, { another });
  const ints = new Map(
    initializers.filter(({ type }) => type === "int64")
      .map(({ name, data }) => [name, numbers(data as Uint8Array)]),
  );
  return {
    inputs: inputs.map(({ dims }) => dims),
    outputs: outputs.map(({ dims }) => dims),
    /** Each node with its constants spelled out, and where on an input a Shape looks. */
    nodes: nodes.map(({ opType, inputs, attributes }) =>
      [opType, ...inputs.map((name) => ints.get(name)?.join(" ") ?? name)].join(", ") +
      (attributes.start === undefined ? "" : ` axis ${attributes.start.value}`)
    ),
  };
}

function numbers(bytes: Uint8Array): readonly number[] {
  return [...new BigInt64Array(bytes.slice().buffer)].map(Number);
}

const image = (n: number, h: number, w: number) => ({ x: f32(n, 6, h, w) });

Deno.test("an image becomes tokens and tokens an image, at any size", () => {
  const both = twice(({ x }) => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const small = op.avgPool2d(x, { kernel: [2, 2] });
    const tokens = op.reshape(op.permute(small, [0, 2, 3, 1]), [n, h / 2 * w / 2, c]);
    const heads = op.permute(op.reshape(tokens, [n, h * w / 4, 2, 3]), [0, 2, 1, 3]);
    const back = op.reshape(op.permute(heads, [0, 2, 1, 3]), [n, h / 2, w / 2, c]);
    return op.upsampleNearest(op.permute(back, [0, 3, 1, 2]));
  }, [image(2, 8, 12), image(3, 20, 16)]);
  const { inputs, outputs, nodes } = lowered(both);
  assertEquals(inputs, [["batch", 6, "height", "width"]]);
  assertEquals(outputs, [["batch", 6, "height", "width"]]);
  assertEquals(nodes, [
    "AveragePool, x",
    "Transpose, AveragePool",
    "Reshape, Transpose, 0 -1 6",
    "Reshape, Reshape, 0 0 2 3",
    "Transpose, Reshape_1",
    "Transpose, Transpose_1",
    // The height is read where it was last seen apart from the width.
    "Shape, Transpose axis 1",
    "Concat, 0, Shape, -1, 6",
    "Reshape, Transpose_2, Concat",
    "Transpose, Reshape_2",
    "Resize, Transpose_3, , constant_5",
  ]);
});

Deno.test("sizes that are equal by chance are told apart by where they come from", () => {
  // The batch is 2 and 3; so is the height after two means of windows.
  const both = twice(({ x }) => {
    const small = op.avgPool2d(x, { kernel: [4, 4] });
    const [n, c, h, w] = small.shape as [number, number, number, number];
    const tokens = op.reshape(small, [n * c, h * w]);
    return op.reshape(tokens, [n, c, h, w]);
  }, [image(2, 8, 20), image(3, 12, 44)]);
  const { outputs, nodes } = lowered(both);
  assertEquals(outputs, [["batch", 6, "height / 4", "width / 4"]]);
  assertEquals(nodes, [
    "AveragePool, x",
    "Shape, AveragePool axis 2",
    "ReduceProd, Shape",
    "Concat, -1, ReduceProd",
    "Reshape, AveragePool, Concat",
    "Shape, AveragePool axis 0",
    "Shape, AveragePool axis 2",
    "Concat, Shape_1, 6, Shape_2, -1",
    "Reshape, Reshape, Concat_1",
  ]);
});

Deno.test("rows of a table are as many as there are tokens", () => {
  const ids = (n: number, tokens: number) => ({ ids: i32(n, tokens) });
  const both = twice(({ ids }, weights) => {
    const words = op.embedding(ids, { table: weights.tensor("words", [50, 8]) });
    const places = weights.tensor("places", [77, 8]);
    return op.add(words, op.slice(places, { axis: 0, start: 0, stop: ids.size(1) }));
  }, [ids(2, 5), ids(3, 7)]);
  const { inputs, outputs, nodes } = lowered(both);
  assertEquals([inputs, outputs], [[["batch", "tokens"]], [["batch", "tokens", 8]]]);
  assertEquals(nodes.slice(3, 5), ["Shape, ids axis 1", "Slice, places, 0, Shape, 0, 1"]);
});

Deno.test("an image is resized to the size of another", () => {
  const pair = (n: number, h: number, w: number, other: number) => ({
    x: f32(n, 6, h, w),
    skip: f32(n, 6, other, 2 * w - 1),
  });
  const both = twice(
    ({ x, skip }) => op.add(op.resizeNearest(x, { size: [skip.size(2), skip.size(3)] }), skip),
    [pair(1, 3, 5, 6), pair(2, 7, 9, 13)],
  );
  const { inputs, outputs, nodes } = lowered(both);
  assertEquals(inputs[1], ["batch", 6, "skip height", "skip width"]);
  assertEquals(outputs, [["batch", 6, "skip height", "skip width"]]);
  assertEquals(nodes.filter((node) => node.startsWith("Shape")), [
    "Shape, x axis 2",
    "Shape, skip axis 2",
    "Shape, x axis 3",
    "Shape, skip axis 3",
  ]);
});

Deno.test("a causal mask and a filled tensor grow with the tokens", () => {
  const tokens = (n: number, count: number) => ({ q: f32(n, 2, count, 4) });
  const both = twice(({ q }) => {
    const ones = op.constant([1], { shape: [q.size(2), 4] });
    return op.attention(op.add(q, ones), { k: q, v: q, causal: true });
  }, [tokens(2, 5), tokens(3, 7)]);
  const { nodes } = lowered(both);
  assertEquals(nodes.slice(0, 3), [
    "Shape, q axis 2",
    "Concat, Shape, 4",
    "Expand, constant, Concat",
  ]);
  assertEquals(nodes.slice(7, 14), [
    "Shape, Add axis 2",
    "Squeeze, Shape_1",
    "Range, 0, Squeeze, 1",
    "Squeeze, Shape_1",
    "Range, 0, Squeeze_1, 1",
    "Unsqueeze, Range_1, 1",
    "Greater, Range, Unsqueeze",
  ]);
});

Deno.test("axes have the names that the caller gives", () => {
  const [graph, another] = twice(({ x }) => op.silu(x), [{ x: f32(2, 3) }, { x: f32(4, 3) }]);
  const named = lower(graph, { another, axisNames: { x: ["points", "coordinates"] } });
  assertEquals(named.inputs, [{ name: "x", type: "float32", dims: ["points", 3] }]);
});

Deno.test("axes that cannot be told apart are refused", () => {
  const square = twice(({ x }) => op.silu(x), [image(2, 8, 8), image(3, 12, 12)]);
  assertThrows(
    () => lowered(square),
    OnnxError,
    "Cannot tell the width of x from the height of x: both are 8 and 12",
  );
  // Four and six rows of a table: as many as there are in `a`, or as the halved image is high?
  const table = twice(({ a, b }, weights) => {
    const small = op.avgPool2d(b, { kernel: [2, 2] });
    const rows = op.slice(weights.tensor("rows", [77, 1]), { axis: 0, start: 0, stop: a.size(0) });
    return { rows, small };
  }, [{ a: f32(4, 1), b: f32(1, 1, 8, 6) }, { a: f32(6, 1), b: f32(1, 1, 12, 10) }]);
  assertThrows(
    () => lowered(table),
    OnnxError,
    "Cannot write slice at the top: its size 4 | 6 may come from the batch or the height",
  );
});

Deno.test("traces of two networks are refused, naming the first node that differs", () => {
  const one = twice(({ x }, w) => w.at("block").module(() => op.silu(x)), [
    image(2, 8, 12),
    image(3, 8, 12),
  ])[0];
  const refused = (build: Parameters<typeof trace>[0], problem: string, specs = image(3, 8, 12)) =>
    assertThrows(() => lower(one, { another: trace(build, specs) }), OnnxError, problem);
  refused(
    ({ x }) => op.mul(x!, x!),
    "node 0, at block, is unary of 1 in one trace and binary of 2",
  );
  refused(
    ({ x }) => op.sqrt(x!),
    'f of node 0, at block, unary, is "silu" in one trace and "sqrt"',
  );
  refused(({ x }) => op.silu(op.silu(x!)), "the number of nodes is 1 in one trace and 2");
  refused(({ x }) => ({ y: op.silu(x!) }), "an output is output in one trace and y");
  refused(
    ({ y }) => op.silu(y!),
    "an input is x in one trace and y",
    { y: f32(3, 6, 8, 12) } as never,
  );
  refused(({ x }) => op.silu(x!), "an input x is f32[2, 6, 8, 12] in one", { x: f32(3, 6) });
});

Deno.test("weights that differ in shape are no weights of one network", () => {
  const both = twice(
    ({ x }, weights) => op.mul(x, weights.tensor("scale", [x.size(0), 1])),
    [{ x: f32(2, 5) }, { x: f32(3, 5) }],
  );
  assertThrows(() => lowered(both), OnnxError, "the weight scale is f32[2, 1] in one trace");
});
