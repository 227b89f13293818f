/**
 * Ops in terms of simpler ops.
 *
 * @module
 */
import type { Graph, Node, ValueId } from "../graph.ts";
import type { OpDefinition } from "../op.ts";
import { type OpName, ops } from "../ops/mod.ts";
import { apply, type Tensor, trace, Weights } from "../trace.ts";
import { specsOf } from "../graph.ts";

/** A backend has no kernel for an op, and the op has no decomposition. */
export class UnsupportedOpError extends Error {
  /** The name of this class. */
  override name = "UnsupportedOpError";
}

/**
 * The same graph in ops that are supported: the others are replaced by their decompositions, as deep as needed.
 *
 * @throws {UnsupportedOpError} If an op is not supported and has no decomposition, naming it and its site.
 */
export function decompose(graph: Graph, supports: (node: Node) => boolean): Graph {
  let current = graph;
  while (current.nodes.some((node) => !supports(node))) current = decomposeOnce(current, supports);
  return current;
}

function decomposeOnce(graph: Graph, supports: (node: Node) => boolean): Graph {
  const specs = specsOf(graph);
  const names = new Map(graph.parameters.map(({ name, id }) => [id, name]));
  const modules = new Map<ValueId, string[]>();
  for (const [path, id] of graph.modules) modules.set(id, [...(modules.get(id) ?? []), path]);
  return trace<string>((inputs) => {
    const tensors = new Map<ValueId, Tensor>(
      graph.inputs.map(({ name, id }) => [id, inputs[name]!]),
    );
    const root = new Weights();
    for (const [id, name] of names) tensors.set(id, root.tensor(name, specs.get(id)!.shape));
    for (const node of graph.nodes) {
      const operands = node.inputs.map((id) => tensors.get(id)!);
      // Each node stands again in its module, so that sites and modules stay.
      let result = new Weights(node.site).module(() => {
        if (supports(node)) return again(node, operands);
        return replace(node, operands);
      });
      for (const path of modules.get(node.id) ?? []) {
        const tensor = result;
        result = new Weights(path).module(() => tensor);
      }
      tensors.set(node.id, result);
    }
    return Object.fromEntries(graph.outputs.map(({ name, id }) => [name, tensors.get(id)!]));
  }, Object.fromEntries(graph.inputs.map(({ name, spec }) => [name, spec])));
}

function again(node: Node, operands: readonly Tensor[]): Tensor {
  // One generic call for a union of nodes: op and attributes of a node belong together.
  return apply(ops[node.op] as OpDefinition<OpName>, operands, node.attributes);
}

function replace(node: Node, operands: readonly Tensor[]): Tensor {
  const definition = ops[node.op] as OpDefinition<OpName>;
  if (definition.decompose === undefined) {
    throw new UnsupportedOpError(
      `Cannot run ${node.op} at ${node.site}: it is not supported and has no decomposition`,
    );
  }
  return definition.decompose(operands, node.attributes);
}
