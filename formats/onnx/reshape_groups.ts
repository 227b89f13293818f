/**
 * Which axes a reshape mixes.
 *
 * @module
 */
import { isFixed, type Size } from "./sizes.ts";

/** Axes before and after that hold the same elements: `[h, w]` and `[h w]`. */
export interface AxisGroup {
  /** Axes of the input. */
  readonly from: readonly number[];
  /** Axes of the output. */
  readonly to: readonly number[];
}

/**
 * Cuts both shapes of a reshape where as many elements lie before the cut, in either trace: an axis of the output depends on no
 * axes but those of its own group.
 */
export function reshapeGroups(
  from: readonly Size[],
  to: readonly Size[],
): readonly AxisGroup[] {
  const groups: AxisGroup[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const [firstFrom, firstTo] = [i, j];
    let before = i < from.length ? times(ONE, from[i++]!) : ONE;
    let after = j < to.length ? times(ONE, to[j++]!) : ONE;
    while (!equal(before, after)) {
      const isLess = before[0] < after[0] || (before[0] === after[0] && before[1] < after[1]);
      if (i < from.length && (isLess || j === to.length)) before = times(before, from[i++]!);
      else if (j < to.length) after = times(after, to[j++]!);
      else break;
    }
    groups.push({ from: range(firstFrom, i), to: range(firstTo, j) });
  }
  return groups;
}

/** Elements in either trace. */
type Product = readonly [number, number];

const ONE: Product = [1, 1];

function times([first, second]: Product, size: Size): Product {
  const [a, b] = isFixed(size) ? [size, size] : size.traced;
  return [first * a, second * b];
}

function equal(a: Product, b: Product): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, at) => start + at);
}
