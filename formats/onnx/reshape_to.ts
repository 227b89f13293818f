/**
 * Reshaping where sizes may be free.
 *
 * @module
 */
import type { Node } from "../../graph/graph.ts";
import type { Builder } from "./builder.ts";
import { reshapeGroups } from "./reshape_groups.ts";
import { type FreeSize, isFixed, sameSize, type Size } from "./sizes.ts";

/** Sizes in a Reshape's target that stand for the input's size of the same axis, and for what is left. */
const SAME = 0;
const REST = -1;

/**
 * Appends a Reshape of the value called `name`.
 *
 * Most reshapes need no arithmetic at run time though their sizes are free: where an axis stays, the target says so, and one
 * size may be left open.
 */
export function reshapeTo(
  name: string,
  { from, to, node, b }: {
    readonly from: readonly Size[];
    readonly to: readonly Size[];
    readonly node: Node;
    readonly b: Builder;
  },
): string {
  // A size of 0 would be taken for the sign; nothing can be left over then either.
  if (to.every(isFixed)) {
    return b.emit("Reshape", [name, b.ints(to)], to.includes(0) ? { allowzero: 1 } : {});
  }
  const joined = joinedAxes(from, to);
  const parts = to.map((size, axis): Size | AxisRange =>
    isFixed(size) ? size : isAxis(size, from[axis]) ? SAME : joined.get(axis) ?? size
  );
  const product = parts.findIndex((part) => isRange(part) && part.end - part.start > 1);
  const rest = product >= 0 ? product : parts.findLastIndex((part) => typeof part !== "number");
  if (rest >= 0) parts[rest] = REST;
  const sizes = parts.map((part) => isRange(part) ? elementsOf(name, part, b) : part);
  return b.emit("Reshape", [name, b.shape(sizes, node)]);
}

/** Axes of the input that are one in the output. */
interface AxisRange {
  readonly start: number;
  readonly end: number;
}

function isRange(part: Size | AxisRange): part is AxisRange {
  return typeof part !== "number" && "start" in part;
}

/** For axes of the output that are an axis of the input, or several joined: which. */
function joinedAxes(from: readonly Size[], to: readonly Size[]): ReadonlyMap<number, AxisRange> {
  const joined = new Map<number, AxisRange>();
  for (const group of reshapeGroups(from, to)) {
    const wide = group.to.filter((axis) => to[axis] !== 1);
    if (wide.length !== 1 || group.from.length === 0) continue;
    joined.set(wide[0]!, { start: group.from[0]!, end: group.from.at(-1)! + 1 });
  }
  return joined;
}

/** A row of one number: the product of sizes of the tensor called `name`. */
function elementsOf(name: string, { start, end }: AxisRange, b: Builder): string {
  const shape = b.emit("Shape", [name], { start, end });
  return end - start === 1 ? shape : b.emit("ReduceProd", [shape], { axes: [0], keepdims: 1 });
}

/** Whether a free size is that of the input's axis, and not as long by chance. */
function isAxis(size: FreeSize, own: Size | undefined): boolean {
  return own !== undefined && !isFixed(own) && sameSize(size, own) &&
    size.from.join() === own.from.join();
}
