/**
 * Leaving out what no output needs.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph.ts";

/** The graph without nodes and parameters that no output needs. Inputs stay, since callers give them by name. */
export function prune(graph: Graph): Graph {
  const needed = new Set<ValueId>(graph.outputs.map(({ id }) => id));
  for (const node of graph.nodes.toReversed()) {
    if (needed.has(node.id)) node.inputs.forEach((id) => needed.add(id));
  }
  return {
    ...graph,
    parameters: graph.parameters.filter(({ id }) => needed.has(id)),
    nodes: graph.nodes.filter(({ id }) => needed.has(id)),
    modules: new Map([...graph.modules].filter(([, id]) => needed.has(id))),
  };
}
