/**
 * Looking inside a network.
 *
 * @module
 */
import type { Graph } from "../graph.ts";
import { nearNames } from "./near_names.ts";
import { prune } from "./prune.ts";

/**
 * The graph with other outputs: modules by their paths, or outputs that it has, by name. What they do not need is left out;
 * a name given twice is one output. An output's name comes before a module's.
 *
 * @throws {RangeError} If a name is neither, listing names that are near it.
 *
 * @example
 * ```ts
 * import { f32, linear, trace, withOutputs } from "@denoise/denoise";
 *
 * const graph = trace(({ x }, weights) => {
 *   const layer = (name: string, input: typeof x) =>
 *     weights.at(name).module((w) => linear(input, { weight: w.tensor("weight", [4, 4]) }));
 *   return layer("second", layer("first", x));
 * }, { x: f32(1, 4) });
 * withOutputs(graph, ["first"]).nodes.length; // 1
 * ```
 */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const outputs = [...new Set(names)].map((name) => {
    const id = graph.outputs.find((output) => output.name === name)?.id ?? graph.modules.get(name);
    if (id === undefined) {
      const near = nearNames(name, {
        among: [...graph.outputs.map((output) => output.name), ...graph.modules.keys()],
      });
      throw new RangeError(
        `Cannot output ${name}: the graph has no such module or output` +
          (near.length > 0 ? `; near it are ${near.join(", ")}` : ""),
      );
    }
    return { name, id };
  });
  return prune({ ...graph, outputs });
}
