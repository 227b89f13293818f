/**
 * What need not be computed again.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph.ts";

/**
 * The nodes that depend on parameters and the named inputs alone.
 *
 * @throws {RangeError} If the graph has no input of such a name.
 */
export function constantPart(graph: Graph, inputs: readonly string[]): ReadonlySet<ValueId> {
  for (const name of inputs) {
    if (!graph.inputs.some((input) => input.name === name)) {
      throw new RangeError(`Cannot hold the input ${name} constant: the graph has no such input`);
    }
  }
  const fixed = new Set<ValueId>([
    ...graph.parameters.map(({ id }) => id),
    ...graph.inputs.filter(({ name }) => inputs.includes(name)).map(({ id }) => id),
  ]);
  const nodes = new Set<ValueId>();
  for (const node of graph.nodes) {
    if (!node.inputs.every((id) => fixed.has(id))) continue;
    fixed.add(node.id);
    nodes.add(node.id);
  }
  return nodes;
}
