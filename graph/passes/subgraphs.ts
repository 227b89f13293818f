/**
 * Cutting parts out of a network.
 *
 * @module
 */
import { type Graph, type NamedValue, specsOf, type ValueId } from "../graph.ts";

/** What is cut out. */
export interface Cut {
  /** Values that are inputs of the part where it needs them. The graph's own inputs are among them in any case. */
  readonly given: ReadonlySet<ValueId>;
  /** Values that the part computes, or passes on: its outputs. */
  readonly outputs: readonly ValueId[];
}

/**
 * Indexes a graph; the result cuts parts out of it.
 *
 * A part keeps ids, sites and the names of parameters. Its inputs are called `x0`, `x1`, … in the order of their first use and
 * its outputs `y0`, `y1`, … in the order asked for, so that equal parts of different places have equal names.
 */
export function subgraphs(graph: Graph): (cut: Cut) => Graph {
  const specs = specsOf(graph);
  const positions = new Map(graph.nodes.map(({ id }, at) => [id, at]));
  const parameters = new Map(graph.parameters.map((parameter) => [parameter.id, parameter]));
  return ({ given, outputs }) => {
    const needed = new Set<ValueId>(outputs);
    const places: number[] = [];
    for (const id of needed) { // grows while it is walked
      const at = given.has(id) ? undefined : positions.get(id);
      if (at === undefined) continue;
      places.push(at);
      for (const input of graph.nodes[at]!.inputs) needed.add(input);
    }
    const nodes = places.sort((a, b) => a - b).map((at) => graph.nodes[at]!);
    const made = new Set(nodes.map(({ id }) => id));
    const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
    const inputs: NamedValue[] = [];
    const weights: NamedValue[] = [];
    for (const id of used) {
      const parameter = given.has(id) ? undefined : parameters.get(id);
      if (parameter !== undefined) weights.push(parameter);
      else if (!made.has(id)) {
        inputs.push({ name: `x${inputs.length}`, id, spec: specs.get(id)! });
      }
    }
    return {
      inputs,
      parameters: weights,
      nodes,
      outputs: outputs.map((id, at) => ({ name: `y${at}`, id })),
      modules: new Map([...graph.modules].filter(([, id]) => made.has(id))),
    };
  };
}
