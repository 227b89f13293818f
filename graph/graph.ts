/**
 * Graphs: networks as topologically ordered data.
 *
 * @module
 */
import type { OpAttributes, OpName } from "./ops/mod.ts";
import type { TensorSpec } from "./tensor_spec.ts";

/** Names a value of one graph: an input, a parameter or the output of a node. */
export type ValueId = number;

/** A graph's input or parameter. */
export interface NamedValue {
  /** The caller's name of an input; the checkpoint's name of a parameter. */
  readonly name: string;
  /** What nodes refer to. */
  readonly id: ValueId;
  /** Shape and element type. */
  readonly spec: TensorSpec;
}

/** An op applied to values of the graph. */
export type Node = {
  readonly [Op in OpName]: {
    /** The value that this node makes. */
    readonly id: ValueId;
    readonly op: Op;
    readonly attributes: OpAttributes[Op];
    readonly inputs: readonly ValueId[];
    readonly output: TensorSpec;
    /** The checkpoint's path of the module that made the node: `down_blocks.0.resnets.1.conv1`. */
    readonly site: string;
  };
}[OpName];

/** A {@linkcode Node} of one op. */
export type NodeOf<Op extends OpName> = Extract<Node, { readonly op: Op }>;

/** A network: what a traced function does to symbolic tensors. Every list is in topological order. */
export interface Graph {
  /** What the caller gives at each run. */
  readonly inputs: readonly NamedValue[];
  /** Weights, by their names in the checkpoint. */
  readonly parameters: readonly NamedValue[];
  /** Operations; each uses values that stand before it. */
  readonly nodes: readonly Node[];
  /** Results. An output may be an input, a parameter or a node, and a value may be several outputs. */
  readonly outputs: readonly { readonly name: string; readonly id: ValueId }[];
  /** The value in which each module ends, by the module's path. */
  readonly modules: ReadonlyMap<string, ValueId>;
}

/** The spec of every value of a graph. */
export function specsOf(graph: Graph): ReadonlyMap<ValueId, TensorSpec> {
  const specs = new Map<ValueId, TensorSpec>();
  for (const value of [...graph.inputs, ...graph.parameters]) specs.set(value.id, value.spec);
  for (const node of graph.nodes) specs.set(node.id, node.output);
  return specs;
}

/** Number of elements of all parameters. */
export function parameterCount(graph: Graph): number {
  return graph.parameters.reduce(
    (sum, { spec }) => sum + spec.shape.reduce((product, size) => product * size, 1),
    0,
  );
}
