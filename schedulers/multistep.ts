/**
 * Linear multistep methods.
 *
 * @module
 */
import type { Row, Terms } from "./plan.ts";
import { kept, sum } from "./terms.ts";

/** The Adams-Bashforth combinations of 1 to 4 slopes, the newest first (Liu et al. 2022, equation 12). */
const ADAMS_BASHFORTH: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** The mean slope over the next step, from as many slopes as there are, the newest first. */
export function adamsBashforth(slopes: readonly Terms[]): Terms {
  const weights = ADAMS_BASHFORTH[slopes.length - 1]!;
  return sum(...slopes.map((slope, i) => [weights[i]!, slope] as const));
}

/** Values of earlier rows in a ring of registers: one write a row, and no copies. */
export interface History {
  /** The values before value number n, the newest first, as many as there are and are kept. */
  readonly before: (n: number) => readonly Terms[];
  /** Keeps value number n in place of the oldest. */
  readonly keep: (n: number, value: Terms) => Row["writes"][number];
}

/** Keeps the last few of values numbered from 0. */
export function history(registers: readonly number[]): History {
  const size = registers.length;
  return {
    before: (n) =>
      Array.from({ length: Math.min(n, size) }, (_, k) => kept(registers[(n - 1 - k) % size]!)),
    keep: (n, value) => ({ to: registers[n % size]!, terms: value }),
  };
}
