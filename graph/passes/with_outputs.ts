/**
 * Looking inside a network.
 *
 * @module
 */
import type { Graph } from "../graph.ts";
import { prune } from "./prune.ts";

/**
 * The graph with other outputs: modules by their paths, or outputs that it has, by name. What they do not need is left out.
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
  const outputs = names.map((name) => {
    const id = graph.outputs.find((output) => output.name === name)?.id ?? graph.modules.get(name);
    if (id === undefined) {
      const known = [...graph.outputs.map((output) => output.name), ...graph.modules.keys()];
      const last = name.split(".").at(-1)!;
      const near = known.filter((each) => each.startsWith(name) || each.endsWith(last)).slice(0, 8);
      throw new RangeError(
        `Cannot output ${name}: the graph has no such module or output` +
          (near.length > 0 ? `; it has ${near.join(", ")}` : ""),
      );
    }
    return { name, id };
  });
  return prune({ ...graph, outputs });
}
