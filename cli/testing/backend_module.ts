/**
 * A backend of somebody else's. For tests.
 *
 * @module
 */

/** The text of a module whose backend, called `mine`, is the reference; a faulty one takes a wrong epsilon in `groupNorm`. */
export function backendModule({ faulty }: { readonly faulty: boolean }): string {
  return `
    import { referenceBackend } from ${
    JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
  };

    const wrong = (node) =>
      node.op === "groupNorm" ? { ...node, attributes: { ...node.attributes, epsilon: 0.5 } } : node;

    export default function () {
      const backend = referenceBackend();
      return {
        ...backend,
        name: "mine",
        compile: (graph, ...rest) =>
          backend.compile(${
    faulty ? "{ ...graph, nodes: graph.nodes.map(wrong) }" : "graph"
  }, ...rest),
      };
    }`;
}
