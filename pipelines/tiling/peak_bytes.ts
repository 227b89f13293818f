/**
 * How much memory a graph's results take while it runs.
 *
 * @module
 */
import { type Graph, specsOf } from "../../graph/graph.ts";
import { lastUses } from "../../graph/passes/liveness.ts";
import { BYTES, sizeOf, type TensorSpec } from "../../graph/tensor_spec.ts";

/**
 * The most bytes of inputs and results that are alive at once, weights not counted. A backend that fuses ops needs less; one
 * that keeps what is dead needs more.
 */
export function peakBytes(graph: Graph): number {
  const bytes = ({ dtype, shape }: TensorSpec) => BYTES[dtype] * sizeOf(shape);
  const specs = specsOf(graph);
  let live = graph.inputs.reduce((sum, { spec }) => sum + bytes(spec), 0);
  let most = live;
  const dying = lastUses(graph);
  graph.nodes.forEach((node, at) => {
    live += bytes(node.output);
    // Another shape of the same numbers takes no memory of its own.
    if (node.op !== "reshape") most = Math.max(most, live);
    for (const id of dying[at]!) live -= bytes(specs.get(id)!);
  });
  return most;
}
