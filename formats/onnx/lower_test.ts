import { assertEquals, assertThrows } from "@std/assert";
import type { OpCase, OpDefinition } from "../../graph/op.ts";
import * as op from "../../graph/ops/mod.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import { f32, i32 } from "../../graph/tensor_spec.ts";
import { apply, trace } from "../../graph/trace.ts";
import { checkGraph } from "./check_graph.ts";
import { checkTensors } from "./check_tensors.ts";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { lower } from "./lower.ts";
import { OnnxError } from "./onnx_error.ts";

/** Ops of opset 17 with the least and most inputs that they take. */
const OPERATORS: Readonly<Record<string, readonly [number, number]>> = {
  Abs: [1, 1],
  Add: [2, 2],
  ArgMin: [1, 1],
  AveragePool: [1, 1],
  Cast: [1, 1],
  Clip: [1, 3],
  Concat: [1, Infinity],
  Conv: [2, 3],
  ConvTranspose: [2, 3],
  Cos: [1, 1],
  CumSum: [2, 2],
  Div: [2, 2],
  Equal: [2, 2],
  Erf: [1, 1],
  Exp: [1, 1],
  Expand: [2, 2],
  Gather: [2, 2],
  GatherElements: [2, 2],
  Greater: [2, 2],
  GreaterOrEqual: [2, 2],
  Identity: [1, 1],
  InstanceNormalization: [3, 3],
  IsNaN: [1, 1],
  LayerNormalization: [2, 3],
  Less: [2, 2],
  LessOrEqual: [2, 2],
  Log: [1, 1],
  MatMul: [2, 2],
  Max: [1, Infinity],
  Min: [1, Infinity],
  Mul: [2, 2],
  Neg: [1, 1],
  Not: [1, 1],
  Pad: [2, 3],
  Reciprocal: [1, 1],
  ReduceMax: [1, 1],
  ReduceMean: [1, 1],
  ReduceMin: [1, 1],
  ReduceSum: [1, 2],
  Relu: [1, 1],
  Reshape: [2, 2],
  Resize: [1, 4],
  Sigmoid: [1, 1],
  Sin: [1, 1],
  Slice: [3, 5],
  Softmax: [1, 1],
  Split: [1, 2],
  Sqrt: [1, 1],
  Squeeze: [1, 2],
  Sub: [2, 2],
  Tanh: [1, 1],
  TopK: [2, 2],
  Transpose: [1, 1],
  Unsqueeze: [2, 2],
  Where: [3, 3],
};

// A union of definitions, as one type for loops: each is called with its own cases only.
const definitions = Object.values(op.ops) as unknown as readonly OpDefinition<OpName>[];

function lowerCase(definition: OpDefinition<OpName>, { inputs, attributes }: OpCase<OpName>) {
  return lower(
    trace<string>(
      (given) => apply(definition, inputs.map((_, at) => given[`x${at}`]!), attributes),
      Object.fromEntries(inputs.map((spec, at) => [`x${at}`, spec])),
    ),
  );
}

for (const definition of definitions) {
  Deno.test(`${definition.name} becomes a valid graph of ops of opset 17`, () => {
    for (const opCase of definition.cases) {
      const lowered = lowerCase(definition, opCase);
      const { graph, opsetImport } = decodeModel(encodeModel(lowered), opCase.name);
      assertEquals(opsetImport, [{ domain: "", version: 17 }]);
      checkGraph(graph!, { where: opCase.name, domains: [] });
      checkTensors(graph!, opCase.name);
      for (const { opType = "", input = [], domain } of graph!.node ?? []) {
        const [least, most] = OPERATORS[opType] ?? [NaN, NaN];
        assertEquals([opType, domain, input.length >= least && input.length <= most], [
          opType,
          undefined,
          true,
        ]);
      }
      const { shape, dtype } = definition.infer(opCase.inputs, opCase.attributes);
      const type = { f32: "float32", f16: "float16", i32: "int32", u8: "uint8" }[dtype];
      assertEquals(lowered.outputs, [{ name: "output", type, dims: shape }] as unknown);
    }
  });
}

Deno.test("values have the names of modules, weights those of the checkpoint", () => {
  const graph = trace(({ x }, weights) =>
    weights.at("block").module((block) => {
      const y = block.at("conv").module((conv) =>
        op.conv2d(x!, { weight: conv.tensor("weight", [2, 3, 1, 1]) })
      );
      const z = block.at("proj").module((proj) =>
        op.linear(op.silu(y), {
          weight: proj.tensor("weight", [5, 4]),
          bias: proj.tensor("bias", [5]),
        })
      );
      return op.add(z, 1);
    }), { x: f32(1, 3, 4, 4) });
  const { nodes, weights } = lower(graph);
  assertEquals(nodes.map(({ name, inputs, outputs }) => [name, ...inputs, "->", ...outputs]), [
    ["block.conv/Conv", "x", "block.conv.weight", "->", "block.conv"],
    ["block.proj/Sigmoid", "block.conv", "->", "block.proj/Sigmoid"],
    ["block.proj/Mul", "block.conv", "block.proj/Sigmoid", "->", "block.proj/Mul"],
    [
      "block.proj/MatMul",
      "block.proj/Mul",
      "block.proj.weight.transposed",
      "->",
      "block.proj/MatMul",
    ],
    ["block.proj/Add", "block.proj/MatMul", "block.proj.bias", "->", "block.proj"],
    ["block/Add", "block.proj", "constant", "->", "output"],
  ]);
  assertEquals(weights.map(({ weight, transposed }) => [weight, transposed]), [
    ["block.conv.weight", false],
    ["block.proj.weight", true],
    ["block.proj.bias", false],
  ]);
});

Deno.test("outputs may be inputs, weights or each other, and have names of their own", () => {
  const graph = trace(({ sample, mask }, weights) => {
    const half = op.mul(sample!, 0.5);
    const larger = op.compare("greater", [sample!, half]);
    return {
      sample: half,
      again: half,
      given: sample!,
      weight: weights.tensor("weight", [3]),
      larger,
      chosen: op.where(larger, { a: sample!, b: half }),
      mask: mask!,
    };
  }, { sample: f32(2, 3), mask: { shape: [3], dtype: "u8" } });
  const lowered = lower(graph);
  assertEquals(lowered.outputs.map(({ name, type }) => [name, type]), [
    ["out_sample", "float32"],
    ["again", "float32"],
    ["given", "float32"],
    ["weight", "float32"],
    ["larger", "uint8"],
    ["chosen", "float32"],
    ["out_mask", "uint8"],
  ]);
  // A weight called like an output has another name.
  assertEquals(lowered.weights.map(({ name, weight }) => [name, weight]), [["weight_1", "weight"]]);
  const made = lowered.nodes.flatMap(({ outputs }) => outputs);
  for (const { name } of lowered.outputs) assertEquals([name, made.includes(name)], [name, true]);
  // The choice takes the truth values as they are: bytes are made only where they are asked for.
  assertEquals(lowered.nodes.map(({ opType }) => opType), [
    "Mul",
    "Greater",
    "Where",
    "Identity",
    "Identity",
    "Identity",
    "Cast",
    "Identity",
  ]);
});

Deno.test("what no output needs is left out, and equal constants are one", () => {
  const graph = trace(({ x }, weights) => {
    op.linear(x!, { weight: weights.tensor("unused", [4, 4]) });
    return op.add(op.mul(x!, 3), 3);
  }, { x: f32(2, 4) });
  const { nodes, weights, initializers } = lower(graph);
  assertEquals(nodes.map(({ opType }) => opType), ["Mul", "Add"]);
  assertEquals([weights.length, initializers.length], [0, 1]);
});

Deno.test("layers share a causal mask", () => {
  const graph = trace(({ q }) => {
    const once = op.attention(q!, { k: q!, v: q!, causal: true });
    return op.attention(once, { k: q!, v: q!, causal: true });
  }, { q: f32(1, 2, 30, 4) });
  const masks = lower(graph).initializers.filter(({ type }) => type === "bool");
  assertEquals(masks.map(({ dims }) => dims), [[30, 30]]);
});

Deno.test("where attention has too many scores for memory, some queries are answered at a time", () => {
  const attend = (tokens: number, rows: number) =>
    lower(trace(
      ({ q, mask }) => ({ y: op.attention(q!, { k: q!, v: q!, mask: mask! }) }),
      { q: f32(1, 2, tokens, 4), mask: f32(1, 1, rows, tokens) },
    )).nodes.map(({ opType }) => opType);
  assertEquals(attend(64, 64).filter((type) => type === "Softmax").length, 1);
  const blocks = Math.ceil(16384 / Math.floor(2 ** 26 / (2 * 16384)));
  for (const [rows, cuts] of [[16384, 2], [1, 1]] as const) {
    const types = attend(16384, rows);
    assertEquals(types.filter((type) => type === "Softmax").length, blocks);
    assertEquals(types.filter((type) => type === "Slice").length, cuts * blocks);
    assertEquals(types.at(-1), "Concat");
  }
});

Deno.test("an op that cannot be written with free axes is named with its site", () => {
  const resize = (n: number) =>
    trace(
      ({ x }, w) =>
        w.at("encoder").module(() => op.resizeBilinear(x!, { size: [4, 4], antialias: true })),
      { x: f32(1, 3, n, n + 1) },
    );
  assertThrows(
    () => lower(resize(8), { another: resize(10) }),
    OnnxError,
    "Cannot write resizeBilinear at encoder",
  );
  const quantile = (n: number) => trace(({ x }) => op.quantile(x!, { q: 0.5 }), { x: f32(1, n) });
  assertThrows(
    () => lower(quantile(8), { another: quantile(10) }),
    OnnxError,
    "Cannot write quantile at the top with a free axis",
  );
});

Deno.test("negative indices are sent out of range, where runtimes refuse them", () => {
  const graph = trace(({ ids, table }) => op.embedding(ids!, { table: table! }), {
    ids: i32(2),
    table: f32(5, 3),
  });
  const { nodes, initializers } = lower(graph);
  assertEquals(nodes.map(({ opType }) => opType), ["Less", "Where", "Gather"]);
  const beyond = initializers.find(({ name }) => name === nodes[1]!.inputs[1])!;
  assertEquals(beyond.data, Uint8Array.of(255, 255, 255, 127));
});
