/**
 * What tells computations apart.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph.ts";

/**
 * A key that graphs share only if they compute the same: it has ops, attributes and specs, and the names of inputs, parameters
 * and outputs, but no ids, sites or modules.
 */
export function graphKey(graph: Graph): string {
  const order = new Map<ValueId, number>();
  for (const { id } of [...graph.inputs, ...graph.parameters, ...graph.nodes]) {
    order.set(id, order.size);
  }
  const local = (id: ValueId) => order.get(id)!;
  return JSON.stringify([
    graph.inputs.map(({ name, spec }) => [name, spec.dtype, spec.shape]),
    graph.parameters.map(({ name, spec }) => [name, spec.dtype, spec.shape]),
    graph.nodes.map(({ op, attributes, inputs, output }) => [
      op,
      Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1),
      inputs.map(local),
      output.dtype,
      output.shape,
    ]),
    graph.outputs.map(({ name, id }) => [name, local(id)]),
  ], exactNumbers);
}

/** JSON writes -0 as 0, and NaN and the infinities as null. */
function exactNumbers(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? "-0" : String(value);
}
