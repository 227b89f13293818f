/**
 * Sizes that are known when the model runs.
 *
 * @module
 */
import type { Node } from "../../graph/graph.ts";
import type { Builder } from "./builder.ts";
import type { FreeAxes } from "./free_axes.ts";
import { isFixed, type Size } from "./sizes.ts";

/**
 * The name of a tensor of 64-bit integers with these sizes. Free ones are read off a value that has them; a string is the name of
 * a row of one size.
 *
 * @throws {OnnxError} As {@linkcode FreeAxes.source}.
 */
export function runtimeSizes(
  sizes: readonly (Size | string)[],
  { node, axes, builder }: {
    readonly node: Node;
    readonly axes: FreeAxes;
    readonly builder: Builder;
  },
): string {
  const numbers = sizes.filter((size) => typeof size === "number");
  if (numbers.length === sizes.length) return builder.ints(numbers);
  const parts = sizes.map((size) => {
    if (typeof size === "string") return size;
    if (isFixed(size)) return builder.ints([size]);
    const { id, axis } = axes.source(size, node);
    return builder.shared(
      `shape ${id} ${axis}`,
      () => builder.emit("Shape", [builder.value(id)], { start: axis, end: axis + 1 }),
    );
  });
  return parts.length === 1 ? parts[0]! : builder.emit("Concat", parts, { axis: 0 });
}
