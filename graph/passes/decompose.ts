/**
 * Ops in terms of simpler ops.
 *
 * @module
 */
import { type Graph, type Node, specsOf, type ValueId } from "../graph.ts";
import type { OpDefinition } from "../op.ts";
import { type OpName, ops } from "../ops/mod.ts";
import type { TensorSpec } from "../tensor_spec.ts";
import { trace } from "../trace.ts";

/** A backend has no kernel for an op, and the op has no decomposition. */
export class UnsupportedOpError extends Error {
  /** The name of this class. */
  override name = "UnsupportedOpError";
}

/**
 * The same graph in ops that are supported: the others are replaced by their decompositions, as deep as needed. The nodes that
 * replace a node have its site, and the last of them its id, so modules and outputs stay.
 *
 * @throws {UnsupportedOpError} If an op is not supported and has no decomposition, naming it and its site.
 *
 * @example
 * ```ts
 * import { decompose, f32, linear, trace } from "@denoise/denoise";
 *
 * const graph = trace(({ x, weight }) => linear(x, { weight }), { x: f32(2, 3), weight: f32(4, 3) });
 * decompose(graph, ({ op }) => op !== "linear").nodes[0]!.op; // matmul
 * ```
 */
export function decompose(graph: Graph, supports: (node: Node) => boolean): Graph {
  const specs = new Map(specsOf(graph));
  const nodes: Node[] = [];
  /** A decomposition may give back what it was given: then its node's value is another's. */
  const same = new Map<ValueId, ValueId>();
  const resolve = (id: ValueId): ValueId => same.get(id) ?? id;
  let fresh = [...specs.keys()].reduce((most, id) => Math.max(most, id), -1) + 1;

  const add = (node: Node): void => {
    const inputs = node.inputs.map(resolve);
    specs.set(node.id, node.output);
    if (supports(node)) {
      nodes.push({ ...node, inputs });
      return;
    }
    const part = decomposition(node, inputs.map((id) => specs.get(id)!));
    const result = part.outputs[0]!.id;
    const ids = new Map<ValueId, ValueId>(part.inputs.map(({ id }, at) => [id, inputs[at]!]));
    const given = ids.get(result);
    if (given !== undefined) same.set(node.id, given);
    for (const { id } of part.nodes) ids.set(id, id === result ? node.id : fresh++);
    for (const each of part.nodes) {
      add({
        ...each,
        id: ids.get(each.id)!,
        inputs: each.inputs.map((id) => ids.get(id)!),
        site: node.site,
      });
    }
  };

  for (const node of graph.nodes) add(node);
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map(({ name, id }) => ({ name, id: resolve(id) })),
    modules: new Map([...graph.modules].map(([path, id]) => [path, resolve(id)])),
  };
}

/** The graph of one node's decomposition. */
function decomposition(node: Node, inputs: readonly TensorSpec[]): Graph {
  // One generic call for a union of nodes: op and attributes of a node belong together.
  const definition = ops[node.op] as OpDefinition<OpName>;
  const { decompose } = definition;
  if (decompose === undefined) {
    throw new UnsupportedOpError(
      `Cannot run ${node.op} at ${
        node.site || "the top"
      }: it is not supported and has no decomposition`,
    );
  }
  return trace<string>(
    (given) => decompose(inputs.map((_, at) => given[at]!), node.attributes),
    Object.fromEntries(inputs.map((spec, at) => [at, spec])),
  );
}
