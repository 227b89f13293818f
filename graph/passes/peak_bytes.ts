/**
 * How much memory a graph's intermediate results need.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph.ts";
import { BYTES, sizeOf, type TensorSpec } from "../tensor_spec.ts";
import { lastUses } from "./liveness.ts";

/**
 * The most bytes of inputs and nodes' values that are alive at once, if each is freed at its last use; weights are not among
 * them. A backend that fuses needs less, one that spells out attention's scores more.
 */
export function peakBytes(graph: Graph): number {
  const bytesOf = ({ shape, dtype }: TensorSpec): number => sizeOf(shape) * BYTES[dtype];
  const sizes = new Map<ValueId, number>(
    graph.nodes.map(({ id, output }) => [id, bytesOf(output)]),
  );
  let now = graph.inputs.reduce((sum, { spec }) => sum + bytesOf(spec), 0);
  let most = now;
  const dying = lastUses(graph);
  graph.nodes.forEach(({ id }, at) => {
    now += sizes.get(id)!;
    most = Math.max(most, now);
    for (const dead of dying[at]!) now -= sizes.get(dead)!;
  });
  return most;
}
