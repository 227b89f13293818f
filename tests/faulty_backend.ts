/**
 * A backend with a fault.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import type { Graph, Node } from "../graph/graph.ts";

/** A backend that multiplies what one op makes at one site. */
export function faultyBackend(
  backend: Backend,
  fault: { readonly op: string; readonly site: string; readonly factor: number },
): Backend {
  return {
    ...backend,
    name: "faulty",
    compile: (graph, parameters, options) =>
      backend.compile(withFault(graph, fault), parameters, options),
  };
}

function withFault(
  graph: Graph,
  { op, site, factor }: { readonly op: string; readonly site: string; readonly factor: number },
): Graph {
  const all = [...graph.inputs, ...graph.parameters, ...graph.nodes];
  let fresh = Math.max(...all.map(({ id }) => id)) + 1;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.op !== op || node.site !== site) return [node];
    const [right, number] = [fresh++, fresh++];
    const scalar = { shape: [], dtype: "f32" } as const;
    return [
      { ...node, id: right },
      {
        id: number,
        op: "constant",
        attributes: { shape: [], values: [factor] },
        inputs: [],
        output: scalar,
        site,
      },
      {
        id: node.id,
        op: "binary",
        attributes: { f: "mul" },
        inputs: [right, number],
        output: node.output,
        site,
      },
    ];
  });
  return { ...graph, nodes };
}
