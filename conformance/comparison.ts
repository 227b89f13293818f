/**
 * How a number is judged.
 *
 * @module
 */

/** Numbers beside those that they should be. */
export interface Comparison {
  /** The output's name. */
  readonly name: string;
  /** What was computed. */
  readonly actual: ArrayLike<number>;
  /** What the reference implementation computed. */
  readonly expected: ArrayLike<number>;
  /** Largest difference allowed: everywhere, or for each element. */
  readonly bound: number | ArrayLike<number>;
}

/** The element that is worst in proportion to its bound. */
export interface Worst {
  /** The output's name. */
  readonly name: string;
  /** Position of the element, row-major. */
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  readonly difference: number;
  readonly bound: number;
}

/** The worst element of several outputs, and whether all are within their bounds. A NaN never is. */
export function judge(
  comparisons: readonly Comparison[],
): { readonly passed: boolean; readonly worst: Worst | undefined } {
  let worst: Worst | undefined;
  let worstShare = -1;
  let passed = comparisons.length > 0;
  for (const { name, actual, expected, bound } of comparisons) {
    if (actual.length !== expected.length) {
      const lengths = { actual: actual.length, expected: expected.length };
      worst = {
        name: `${name} (number of elements)`,
        index: 0,
        ...lengths,
        difference: Infinity,
        bound: 0,
      };
      return { passed: false, worst };
    }
    for (let index = 0; index < actual.length; index++) {
      const difference = Math.abs(actual[index]! - expected[index]!);
      const limit = typeof bound === "number" ? bound : bound[index]!;
      // NaN compares false with everything: "not within" catches it.
      const within = difference <= limit;
      const share = within
        ? (limit === 0 ? 0 : difference / limit)
        : Number.isNaN(difference)
        ? Infinity
        : limit === 0
        ? Number.MAX_VALUE
        : difference / limit;
      if (!within) passed = false;
      if (share > worstShare) {
        worstShare = share;
        worst = {
          name,
          index,
          actual: actual[index]!,
          expected: expected[index]!,
          difference,
          bound: limit,
        };
      }
    }
  }
  return { passed, worst };
}

/** Largest magnitude. */
export function magnitude(numbers: ArrayLike<number>): number {
  let largest = 0;
  for (let at = 0; at < numbers.length; at++) largest = Math.max(largest, Math.abs(numbers[at]!));
  return largest;
}

/** What kind of computation is judged, which decides how much rounding may cost. */
export type Tier = "network" | "sampling";

/**
 * The bound of an output with recorded float32 error e and largest magnitude m.
 *
 * One network or operator: 8 e + 4e-6 m for the reference, 32 e + 4e-5 m for others. Samples in a loop, where errors of many
 * networks add up: 16 e + 2e-5 m and 64 e + 1e-4 m.
 */
export function boundOf(
  tier: Tier,
  options: { readonly error: number; readonly magnitude: number; readonly exact: boolean },
): number {
  const { error, magnitude: m, exact } = options;
  switch (tier) {
    case "network":
      return exact ? 8 * error + 4e-6 * m : 32 * error + 4e-5 * m;
    case "sampling":
      return exact ? 16 * error + 2e-5 * m : 64 * error + 1e-4 * m;
  }
}
