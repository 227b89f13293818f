/**
 * What is left of a graph when reshapes are the buffers that they read, equal nodes are one, and what nothing needs is gone.
 *
 * @module
 */
import { type Graph, type Node, specsOf, type ValueId } from "../../../graph/graph.ts";
import { constantPart } from "../../../graph/passes/constant_part.ts";
import { sizeOf, type TensorSpec } from "../../../graph/tensor_spec.ts";

/** A graph, seen by the values that are stored. */
export interface Simplified {
  /** The value whose buffer holds a value, perhaps in another shape. */
  root(id: ValueId): ValueId;
  /** Nodes that are needed and have elements, in order. */
  readonly nodes: readonly Node[];
  /** The node that makes a root. */
  readonly producers: ReadonlyMap<ValueId, Node>;
  /** The nodes that read a root. */
  readonly consumers: ReadonlyMap<ValueId, readonly Node[]>;
  /** Roots of the graph's outputs. */
  readonly outputs: ReadonlySet<ValueId>;
  /** Values that depend on constant inputs and weights alone. */
  readonly constants: ReadonlySet<ValueId>;
  /** Places of nodes in the graph's order. */
  readonly position: ReadonlyMap<ValueId, number>;
  readonly specs: ReadonlyMap<ValueId, TensorSpec>;
}

/** Tables of numbers longer than this are not compared. */
const LONG = 16;

/**
 * Simplifies a graph.
 *
 * @param constant Names of inputs that stay the same.
 */
export function simplify(graph: Graph, constant: readonly string[]): Simplified {
  const specs = specsOf(graph);
  const position = new Map(graph.nodes.map(({ id }, at) => [id, at]));
  const constants = new Set([
    ...constantPart(graph, constant),
    ...graph.parameters.map(({ id }) => id),
    ...graph.inputs.filter(({ name }) => constant.includes(name)).map(({ id }) => id),
  ]);
  const producers = new Map<ValueId, Node>();
  const roots = new Map<ValueId, ValueId>();
  const root = (id: ValueId): ValueId => roots.get(id) ?? id;
  const known = new Map<string, ValueId>();
  for (const node of graph.nodes) {
    const from = node.inputs[0];
    const same = from !== undefined && isSame(node, specs.get(from)!) ? root(from) : undefined;
    if (same !== undefined) {
      roots.set(node.id, same);
      continue;
    }
    if (node.op !== "constant" || node.attributes.values.length <= LONG) {
      // Shapes belong to the key: two reshapes of one value are stored as the same.
      const inputs = node.inputs.map((id) => [root(id), specs.get(id)!.shape]);
      const key = JSON.stringify([node.op, node.attributes, inputs], exactly);
      const equal = known.get(key);
      if (equal !== undefined) {
        roots.set(node.id, equal);
        continue;
      }
      known.set(key, node.id);
    }
    producers.set(node.id, node);
  }
  const consumers = new Map<ValueId, Node[]>();
  const outputs = new Set(graph.outputs.map(({ id }) => root(id)));
  const live = new Set<ValueId>(outputs);
  for (const node of graph.nodes.toReversed()) {
    if (!live.has(node.id) || !producers.has(node.id)) continue;
    for (const id of new Set(node.inputs.map(root))) {
      live.add(id);
      const list = consumers.get(id);
      if (list === undefined) consumers.set(id, [node]);
      else list.push(node);
    }
  }
  // A tensor without elements is there without being computed.
  const nodes = graph.nodes.filter(({ id, output }) =>
    live.has(id) && producers.has(id) && sizeOf(output.shape) > 0
  );
  return { root, nodes, producers, consumers, outputs, constants, position, specs };
}

/** Whether a node's result has the bits of its input. */
function isSame(node: Node, from: TensorSpec): boolean {
  return node.op === "reshape" || (node.op === "cast" && from.dtype === node.attributes.to);
}

/** JSON writes -0 as 0 and what is not finite as null. */
function exactly(_key: string, value: unknown): unknown {
  return typeof value === "number" && (Object.is(value, -0) || !Number.isFinite(value))
    ? `number ${Object.is(value, -0) ? "-0" : value}`
    : value;
}
