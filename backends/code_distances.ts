/**
 * Codes that are as near as the nearest.
 *
 * @module
 */
import type { Graph, NodeOf } from "../graph/graph.ts";
import { mul, sub } from "../graph/ops/binary.ts";
import { embedding } from "../graph/ops/gather.ts";
import { reduce } from "../graph/ops/reduce.ts";
import { i32 } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";

/**
 * Squared distances of vectors to the codes that are chosen for them.
 *
 * Where two codes are equally near but for rounding, backends may choose either: their indices differ without a fault, their
 * distances do not. The graph has the inputs and weights of the node's own part, and `chosen`, the indices; its output `y0` is
 * f32 [n].
 *
 * @param part A graph of one `nearestCode` node.
 */
export function distancesToChosen(part: Graph): Graph {
  const node = part.nodes[0] as NodeOf<"nearestCode">;
  const specs = Object.fromEntries(part.inputs.map(({ name, spec }) => [name, spec]));
  return trace<string>((inputs, weights) => {
    const [z, codebook] = node.inputs.map((id) => {
      const input = part.inputs.find((each) => each.id === id);
      if (input !== undefined) return inputs[input.name]!;
      const { name, spec } = part.parameters.find((each) => each.id === id)!;
      return weights.tensor(name, spec.shape);
    });
    const apart = sub(z!, embedding(inputs.chosen!, { table: codebook! }));
    return { y0: reduce(mul(apart, apart), { f: "sum", axes: [1] }) };
  }, { ...specs, chosen: i32(...node.output.shape) });
}
