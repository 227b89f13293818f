/**
 * An ONNX graph in the making.
 *
 * @module
 */
import { type Graph, type Node, type NodeOf, specsOf, type ValueId } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import type { DType, TensorSpec } from "../../graph/tensor_spec.ts";
import type { FreeAxes } from "./free_axes.ts";
import { nameAllocator } from "./names.ts";
import type { ElementType, OnnxAttribute, OnnxNode, OnnxTensor } from "./onnx_model.ts";
import { runtimeSizes } from "./runtime_sizes.ts";
import type { Size } from "./sizes.ts";

/** What each of our element types is called in ONNX. */
export const ONNX_TYPES: Readonly<Record<DType, ElementType>> = {
  f32: "float32",
  f16: "float16",
  i32: "int32",
  u8: "uint8",
};

/** Constants of so many bytes are kept once. */
const LARGEST_SHARED = 512;

/** A weight as the model wants it: under which name, and whether its two axes are swapped in the file. */
export interface WeightUse {
  /** Its name in the model. */
  readonly name: string;
  /** Its name in the checkpoint. */
  readonly weight: string;
  /** Sizes as the checkpoint has them. */
  readonly shape: readonly number[];
  /** Stored as `[in, out]`, which is what MatMul takes, so that nothing is left to transpose when the model is loaded. */
  readonly transposed: boolean;
}

/** Settings of {@linkcode Builder.emit} as plain numbers and strings. Whole numbers are `int`s; floats say so. */
export type Attributes = Readonly<
  Record<string, number | string | readonly number[] | { readonly float: number }>
>;

/** Appends nodes, names values and shares constants. What is emitted belongs to the site that {@linkcode at} was given last. */
export interface Builder {
  /** Nodes so far. */
  readonly nodes: readonly OnnxNode[];
  /** Constants so far. */
  readonly constants: readonly OnnxTensor[];
  /** Weights so far, in the order of their first use. */
  readonly weights: readonly WeightUse[];
  /** Sites the nodes that follow. */
  at(site: string): void;
  /** Appends a node with one output and returns the output's name. */
  emit(opType: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Appends a node with several outputs. */
  emitMany(
    opType: string,
    inputs: readonly string[],
    options: { readonly outputs: number; readonly attributes?: Attributes },
  ): readonly string[];
  /** The name of a value, for nodes that take it. */
  value(id: ValueId): string;
  /** The name of a `bool` tensor that says where a value of bytes is not 0. */
  condition(id: ValueId): string;
  /** The name of a matrix with its axes swapped. */
  transposed(id: ValueId): string;
  /** Says what a value is called: `bool` tensors become bytes when somebody asks for the value. */
  name(id: ValueId, result: Lowered): void;
  /** A name that nothing has, like the wanted one. */
  unique(wanted: string): string;
  /** Gives the output of the last node another name. */
  renameLast(name: string): void;
  /** What was made before under the same key, or what is made now. */
  shared(key: string, make: () => string): string;
  /** A constant of 64-bit integers; a row of them unless a shape is given. */
  ints(values: readonly number[], shape?: readonly number[]): string;
  /** A constant of 32-bit floats; a scalar unless a shape is given. */
  floats(values: readonly number[], shape?: readonly number[]): string;
  /** A constant of any type. */
  constant(tensor: Omit<OnnxTensor, "name" | "data"> & { readonly data: Uint8Array }): string;
  /** Shape and type of a value in the first trace. */
  spec(id: ValueId): TensorSpec;
  /** Its sizes in both. */
  sizes(id: ValueId): readonly Size[];
  /** Numbers among a node's attributes, in both traces. */
  numbers<Op extends OpName>(
    node: NodeOf<Op>,
    pick: (node: NodeOf<Op>) => readonly number[],
  ): readonly Size[];
  /**
   * A tensor of 64-bit integers with these sizes; a string is the name of a row of one.
   *
   * @throws {OnnxError} If nobody knows one of them at run time.
   */
  shape(sizes: readonly (Size | string)[], node: Node): string;
}

/** What an op becomes: the name of its value, or of a `bool` tensor that stands for bytes of 0 and 1. */
export type Lowered = string | { readonly condition: string };

/** How an op is written: appends its nodes and says what the value is called. */
export type Lower<Op extends OpName> = (node: NodeOf<Op>, b: Builder) => Lowered;

/** Starts the model of a graph. Inputs keep their names. */
export function newBuilder(
  graph: Graph,
  { axes, reserved }: { readonly axes: FreeAxes; readonly reserved: readonly string[] },
): Builder {
  const specs = specsOf(graph);
  const nodes: OnnxNode[] = [];
  const constants: OnnxTensor[] = [];
  const weights: WeightUse[] = [];
  const uniqueValue = nameAllocator(reserved);
  const uniqueNode = nameAllocator([]);
  const values = new Map<ValueId, string>();
  const conditions = new Map<ValueId, string>();
  const transposes = new Map<ValueId, string>();
  const shared = new Map<string, string>();
  const parameters = new Map(graph.parameters.map((each) => [each.id, each]));
  for (const { id, name } of graph.inputs) values.set(id, name);
  let site = "";

  const weight = (id: ValueId, transposed: boolean): string => {
    const { name: weight, spec: { shape } } = parameters.get(id)!;
    const name = uniqueValue(transposed ? `${weight}.transposed` : weight);
    weights.push({ name, weight, shape, transposed });
    return name;
  };
  const remember = (map: Map<ValueId, string>, id: ValueId, make: () => string): string => {
    const name = map.get(id) ?? make();
    map.set(id, name);
    return name;
  };

  const builder: Builder = {
    nodes,
    constants,
    weights,
    at: (path) => site = path,
    emit: (opType, inputs, attributes = {}) =>
      builder.emitMany(opType, inputs, { outputs: 1, attributes })[0]!,
    emitMany(opType, inputs, { outputs, attributes = {} }) {
      const path = site === "" ? opType : `${site}/${opType}`;
      const names = Array.from({ length: outputs }, () => uniqueValue(path));
      nodes.push({
        opType,
        name: uniqueNode(path),
        inputs,
        outputs: names,
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]),
        ),
      });
      return names;
    },
    value: (id) =>
      remember(
        values,
        id,
        () =>
          parameters.has(id)
            ? weight(id, false)
            : builder.emit("Cast", [conditions.get(id)!], { to: 2 }),
      ),
    condition: (id) =>
      remember(conditions, id, () => builder.emit("Cast", [builder.value(id)], { to: 9 })),
    transposed: (id) =>
      remember(transposes, id, () => {
        const { length } = specs.get(id)!.shape;
        if (parameters.has(id) && length === 2) return weight(id, true);
        const axes = Array.from({ length }, (_, axis) => axis);
        const perm = [...axes.slice(0, -2), length - 1, length - 2];
        return builder.emit("Transpose", [builder.value(id)], { perm });
      }),
    name: (id, result) =>
      void (typeof result === "string"
        ? values.set(id, result)
        : conditions.set(id, result.condition)),
    unique: uniqueValue,
    renameLast(name) {
      nodes.push({ ...nodes.pop()!, outputs: [name] });
    },
    constant({ type, dims, data }) {
      const make = () => {
        const name = uniqueValue("constant");
        constants.push({ name, type, dims, data });
        return name;
      };
      // Large ones are seldom equal, and to compare them would cost more than it saves.
      if (data.length > LARGEST_SHARED) return make();
      return builder.shared(`${type} [${dims.join()}] ${data.join()}`, make);
    },
    shared(key, make) {
      const name = shared.get(key) ?? make();
      shared.set(key, name);
      return name;
    },
    ints: (values, shape = [values.length]) =>
      builder.constant({
        type: "int64",
        dims: shape,
        data: bytesOf(BigInt64Array.from(values, BigInt)),
      }),
    floats: (values, shape = []) =>
      builder.constant({
        type: "float32",
        dims: shape,
        data: bytesOf(Float32Array.from(values)),
      }),
    spec: (id) => specs.get(id)!,
    sizes: (id) => axes.sizes(id),
    numbers: (node, pick) => axes.numbers(node, pick),
    shape: (sizes, node) => runtimeSizes(sizes, { node, axes, builder }),
  };
  return builder;
}

/** Elements as they stand in files: little-endian, as every machine that runs JavaScript engines of today has them. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function attributeOf(value: Attributes[string]): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if ("float" in value) return { kind: "float", value: value.float };
  return { kind: "ints", value };
}
