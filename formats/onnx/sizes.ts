/**
 * Sizes of axes, some of which are known at run time only.
 *
 * @module
 */

/** A size that differs between two traces of a network. */
export interface FreeSize {
  /** What it is in either trace. */
  readonly traced: readonly [number, number];
  /** The free axes of the inputs that it depends on, sorted; empty if that is not known. */
  readonly from: readonly string[];
}

/** A number, or a size that the inputs decide. */
export type Size = number | FreeSize;

/** Whether a size is the same in every trace. */
export function isFixed(size: Size): size is number {
  return typeof size === "number";
}

/** Whether two sizes are the same in both traces. */
export function sameSize(a: Size, b: Size): boolean {
  if (isFixed(a) || isFixed(b)) return a === b;
  return a.traced[0] === b.traced[0] && a.traced[1] === b.traced[1];
}

/** `8`, or `8 | 12` for a size that moved. */
export function describeSize(size: Size): string {
  return isFixed(size) ? String(size) : size.traced.join(" | ");
}
