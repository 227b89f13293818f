/**
 * When values may be freed.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph.ts";

/**
 * For each node, in order: the nodes' values that are used there for the last time. Outputs, inputs and parameters are not
 * among them. A value that is never used dies where it is made.
 */
export function lastUses(graph: Graph): ValueId[][] {
  const seen = new Set<ValueId>(graph.outputs.map(({ id }) => id));
  const made = new Set<ValueId>(graph.nodes.map(({ id }) => id));
  return graph.nodes.toReversed().map((node) => {
    const dying: ValueId[] = [];
    for (const id of [node.id, ...node.inputs]) {
      if (seen.has(id) || !made.has(id)) continue;
      seen.add(id);
      dying.push(id);
    }
    return dying;
  }).toReversed();
}
