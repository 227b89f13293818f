/**
 * How much memory a graph's intermediate results need.
 *
 * @module
 */
import { type Graph, type Node, specsOf, type ValueId } from "../graph.ts";
import { BYTES, sizeOf, type TensorSpec } from "../tensor_spec.ts";
import { lastUses } from "./liveness.ts";

/**
 * The most bytes of inputs and nodes' values that are alive at once, if each is freed at its last use; weights are not among
 * them. A backend that fuses needs less.
 *
 * @param options `scoresAtOnce`: how many of an attention's scores, a number for each query and key, are in memory at once, and
 * once more as shares. Default none.
 */
export function peakBytes(
  graph: Graph,
  { scoresAtOnce }: {
    readonly scoresAtOnce?: ((count: number) => number) | undefined;
  } = {},
): number {
  const bytesOf = ({ shape, dtype }: TensorSpec): number => sizeOf(shape) * BYTES[dtype];
  const sizes = new Map<ValueId, number>(
    graph.nodes.map(({ id, output }) => [id, bytesOf(output)]),
  );
  let now = graph.inputs.reduce((sum, { spec }) => sum + bytesOf(spec), 0);
  let most = now;
  const dying = lastUses(graph);
  const specs = specsOf(graph);
  const scoreBytes = ({ op, inputs }: Node): number => {
    if (scoresAtOnce === undefined || op !== "attention") return 0;
    const [n, heads, queries] = specs.get(inputs[0]!)!.shape as [number, number, number];
    const count = n * heads * queries * specs.get(inputs[1]!)!.shape[2]!;
    return 2 * scoresAtOnce(count) * BYTES.f32;
  };
  graph.nodes.forEach((node, at) => {
    now += sizes.get(node.id)!;
    most = Math.max(most, now + scoreBytes(node));
    for (const dead of dying[at]!) now -= sizes.get(dead)!;
  });
  return most;
}
