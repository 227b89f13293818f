/**
 * What stands for the graph of a network that is only known as a file.
 *
 * @module
 */
import type { Graph, NamedValue } from "../../graph/graph.ts";
import type { TensorSpec } from "../../graph/tensor_spec.ts";
import type { InputSpecs } from "../networks/network.ts";

/** A graph with the inputs and outputs of a file's method and nothing between: outputs stand among the parameters. */
export function standIn(
  inputs: InputSpecs,
  outputs: Readonly<Record<string, TensorSpec>>,
): Graph {
  let next = 0;
  const named = (specs: Readonly<Record<string, TensorSpec>>): NamedValue[] =>
    Object.entries(specs).map(([name, { dtype, shape }]) => ({
      name,
      id: next++,
      spec: { dtype, shape },
    }));
  const given = named(inputs);
  const made = named(outputs);
  return {
    inputs: given,
    parameters: made,
    nodes: [],
    outputs: made.map(({ name, id }) => ({ name, id })),
    modules: new Map(),
  };
}
