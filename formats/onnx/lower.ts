/**
 * Graphs as ONNX nodes.
 *
 * @module
 */
import type { Graph, NodeOf, ValueId } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import { prune } from "../../graph/passes/prune.ts";
import { type Lower, newBuilder, ONNX_TYPES, type WeightUse } from "./builder.ts";
import type { AxisNames } from "./axis_names.ts";
import { findFreeAxes, fixedAxes } from "./free_axes.ts";
import { nameAllocator } from "./names.ts";
import type { OnnxModel } from "./onnx_model.ts";
import * as elementwise from "./ops/elementwise.ts";
import * as images from "./ops/images.ts";
import * as layout from "./ops/layout.ts";
import * as lookups from "./ops/lookups.ts";
import * as products from "./ops/products.ts";
import * as statistics from "./ops/statistics.ts";

/**
 * The version of the operator set. 17 brings LayerNormalization and is read by every ONNX Runtime since 1.12; later ones change
 * ops in ways that runtimes run no faster.
 */
export const OPSET = 17;
/** The version of the file format that goes with it. */
export const IR_VERSION = 8;

/** How every op is written. */
const LOWER: { readonly [Op in OpName]: Lower<Op> } = {
  attention: products.attention,
  avgPool2d: images.avgPool2d,
  binary: elementwise.binary,
  cast: elementwise.cast,
  clamp: elementwise.clamp,
  compare: elementwise.compare,
  concat: layout.concat,
  constant: layout.constant,
  conv2d: images.conv2d,
  convTranspose2d: images.convTranspose2d,
  cumsum: statistics.cumsum,
  gather: layout.gather,
  geglu: products.geglu,
  groupNorm: statistics.groupNorm,
  layerNorm: statistics.layerNorm,
  linear: products.linear,
  matmul: products.matmul,
  nearestCode: lookups.nearestCode,
  pad: layout.pad,
  permute: layout.permute,
  quantile: statistics.quantile,
  reduce: statistics.reduce,
  reshape: layout.reshape,
  resizeBilinear: images.resizeBilinear,
  resizeNearest: images.resizeNearest,
  slice: layout.slice,
  softmax: statistics.softmax,
  timestepEmbedding: lookups.timestepEmbedding,
  unary: elementwise.unary,
  upsampleNearest: images.upsampleNearest,
  where: elementwise.where,
};

/** Settings of {@linkcode lower}. */
export interface LowerOptions {
  /** Name of the graph in the file; `denoise` unless said otherwise. */
  readonly name?: string;
  /**
   * The same network traced at other sizes: axes that differ become free. Sizes should be unlike each other, such as a batch of
   * 2 and 3, 5 and 7 tokens, an image of 16 x 24 and 40 x 56. Where a network does something else with sizes that cannot be
   * halved, the model takes such sizes as it was traced at: multiples of 8 only, or any if both traces are at odd sizes.
   */
  readonly another?: Graph;
  /** What the axes of inputs are called where they are free; by default `batch`, `height`, `width`, `tokens`. */
  readonly axisNames?: AxisNames;
}

/** A model whose weights are still in their checkpoint. */
export interface LoweredGraph extends OnnxModel {
  /** What is to be stored beside the constants in `initializers`. */
  readonly weights: readonly WeightUse[];
}

/**
 * The names of a graph's outputs in its ONNX model, in the graph's order.
 *
 * All values of a model share one set of names, so an output called like an input gets another: `out_sample`, as Optimum has it.
 */
export function onnxOutputNames(graph: Graph): readonly string[] {
  const inputs = graph.inputs.map(({ name }) => name);
  const unique = nameAllocator(inputs);
  return graph.outputs.map(({ name }) => unique(inputs.includes(name) ? `out_${name}` : name));
}

/**
 * Writes every op of a graph as ONNX nodes of {@linkcode OPSET}. What no output needs is left out.
 *
 * Inputs keep their names, outputs have those of {@linkcode onnxOutputNames}, weights their names in the checkpoint; the value in
 * which a module ends is called by the module's path, the others by their site and op.
 *
 * @throws {OnnxError} If an op cannot be written with free axes, naming its site.
 */
export function lower(whole: Graph, options: LowerOptions = {}): LoweredGraph {
  const graph = prune(whole);
  const { name = "denoise", another, axisNames } = options;
  const axes = another === undefined
    ? fixedAxes(graph)
    : findFreeAxes(graph, { another: prune(another), names: axisNames });
  const outputNames = onnxOutputNames(graph);
  const inputNames = graph.inputs.map((input) => input.name);
  const b = newBuilder(graph, { axes, reserved: [...inputNames, ...outputNames] });
  const wanted = new Map<ValueId, string>();
  // A module's last value is the last of its parts', too: the innermost name is kept.
  for (const [path, id] of graph.modules) {
    if (path.length > (wanted.get(id)?.length ?? 0)) wanted.set(id, path);
  }
  const modules = new Map([...wanted].map(([id, path]) => [id, b.unique(path)]));
  const outputs = new Map<ValueId, string>();
  graph.outputs.forEach(({ id }, at) => {
    if (!outputs.has(id)) outputs.set(id, outputNames[at]!);
  });

  for (const node of graph.nodes) {
    b.at(node.site);
    const before = b.nodes.length;
    // Each op is written by its own function; the compiler cannot see that they belong together.
    const write = LOWER[node.op] as Lower<OpName>;
    const result = write(node as NodeOf<OpName>, b);
    const finalName = outputs.get(node.id) ?? modules.get(node.id);
    const isLast = b.nodes.length > before && b.nodes.at(-1)!.outputs[0] === result;
    if (isLast && finalName !== undefined) {
      b.renameLast(finalName);
      b.name(node.id, finalName);
    } else {
      b.name(node.id, result);
    }
  }
  b.at("");
  graph.outputs.forEach(({ id }, at) => {
    const name = outputNames[at]!;
    const before = b.nodes.length;
    const value = b.value(id);
    if (value === name) return;
    // An input, a weight, or a value that is another output already; truth values have just become bytes.
    if (b.nodes.length === before) b.emit("Identity", [value]);
    else b.name(id, name);
    b.renameLast(name);
  });
  const described = (id: ValueId, name: string) => ({
    name,
    type: ONNX_TYPES[b.spec(id).dtype],
    dims: axes.dims(id, name),
  });
  return {
    name,
    producer: "denoise",
    irVersion: IR_VERSION,
    opset: OPSET,
    nodes: b.nodes,
    initializers: b.constants,
    weights: b.weights,
    inputs: graph.inputs.map(({ id, name }) => described(id, name)),
    outputs: graph.outputs.map(({ id }, at) => described(id, outputNames[at]!)),
  };
}
