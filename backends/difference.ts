/**
 * How far two tensors of the same computation are apart.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";

/** The element that is worst in proportion to its bound. */
export interface Difference {
  /** Row-major position of the element. */
  readonly index: number;
  /** What was computed. */
  readonly actual: number;
  /** What it should be. */
  readonly expected: number;
  /** How far they are apart; NaN if one of them is NaN, Infinity if one is infinite. */
  readonly difference: number;
  /** How far they may be. */
  readonly bound: number;
}

/** How much rounding may cost. */
export interface Tolerance {
  /**
   * The error that float32 arithmetic is known to make here; 32 times it is allowed. Default 0: a single node's is not known,
   * and is far below the relative share.
   */
  readonly error?: number;
  /**
   * What is allowed in proportion to the largest magnitude of the expected tensor. Default 4e-5, some 700 half units in the
   * last place of float32 (6e-8): room for long sums in another order and for a GPU's own exponentials and sines, while a
   * fault in one term of a thousand, a wrong epsilon or a lost bias is beyond it.
   */
  readonly relative?: number;
}

/** The least normal float32: GPUs may take smaller numbers for 0. */
const LEAST_NORMAL = 2 ** -126;

/** Largest magnitude of the finite elements. */
function magnitude(numbers: ArrayLike<number>): number {
  let largest = 0;
  for (let at = 0; at < numbers.length; at++) {
    const size = Math.abs(numbers[at]!);
    if (size > largest && size < Infinity) largest = size;
  }
  return largest;
}

/** Within the bound. NaN is not, whatever the bound. */
export function isWithin({ difference, bound }: Difference): boolean {
  return difference <= bound;
}

/** How much of its bound a difference takes: above 1 it is too much. */
export function shareOf({ difference, bound }: Difference): number {
  if (difference === 0) return 0;
  return Number.isNaN(difference) ? Infinity : difference / bound; // Infinity for a bound of 0
}

/**
 * The worst element of a tensor. Floats may differ by rounding, whole numbers not at all. NaN agrees with NaN, and infinity with
 * the same infinity: both backends found the computation to be without a number.
 *
 * @returns Undefined if the tensors are empty.
 * @throws {RangeError} If they are not of one size.
 */
export function worstDifference(
  { actual, expected }: { readonly actual: HostTensor; readonly expected: HostTensor },
  { error = 0, relative = 4e-5 }: Tolerance = {},
): Difference | undefined {
  if (actual.data.length !== expected.data.length) {
    throw new RangeError(
      `Cannot compare ${actual.data.length} elements with ${expected.data.length}`,
    );
  }
  const whole = expected.dtype === "i32" || expected.dtype === "u8";
  const bound = whole ? 0 : 32 * error + relative * magnitude(expected.data) + LEAST_NORMAL;
  let worst: Difference | undefined;
  for (let index = 0; index < actual.data.length; index++) {
    const [a, b] = [actual.data[index]!, expected.data[index]!];
    const equal = a === b || (Number.isNaN(a) && Number.isNaN(b));
    const difference = equal ? 0 : Math.abs(a - b);
    // A NaN is worse than all, and compares false with everything.
    if (worst !== undefined && !(difference > worst.difference || Number.isNaN(difference))) {
      continue;
    }
    worst = { index, actual: a, expected: b, difference, bound };
    if (Number.isNaN(difference)) break;
  }
  return worst;
}

/** The indices along all axes of a row-major position: `[1, 0, 3]`. */
export function axesOf(index: number, shape: readonly number[]): number[] {
  const axes: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    axes.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return axes;
}
