/**
 * One step of the DPM-Solvers (Lu et al. 2022, "DPM-Solver" and "DPM-Solver++"), which integrate the linear part of the
 * diffusion exactly and the network's part as a polynomial in lambda.
 *
 * Legend: from λ_s, with signal α_s and noise σ_s, to λ_t; h = λ_t - λ_s. D0, D1, D2 are the integrand and its first two
 * divided differences over h.
 *
 * @module
 */
import type { Terms } from "./plan.ts";
import { noise, sum } from "./terms.ts";
import type { Point } from "./whole_placement.ts";

/** Whether the noise or (++) the picture is integrated, as a differential equation without or (sde) with noise. */
export type Algorithm = "dpmsolver" | "dpmsolver++" | "sde-dpmsolver" | "sde-dpmsolver++";

/** How the second order weighs D1: as the midpoint of the step, or by integrating it. */
export type SolverType = "midpoint" | "heun";

/** What a step goes through. */
export interface Step {
  /** The algorithm. */
  readonly algorithm: Algorithm;
  /** Where the sample x is. */
  readonly from: Point;
  /** Where it goes. */
  readonly to: Point;
  /** The sample. */
  readonly x: Terms;
  /** The integrand where the step starts. */
  readonly d0: Terms;
}

/** Weights of the terms: `midpoint` and `d1` are two ways to weigh D1. */
interface Weights {
  readonly x: number;
  readonly d0: number;
  readonly midpoint: number;
  readonly d1: number;
  readonly d2: number;
  readonly noise: number;
}

function weightsOf({ algorithm, from, to }: Omit<Step, "x" | "d0">): Weights {
  const h = to.lambda - from.lambda;
  const { expm1, exp, sqrt } = Math;
  switch (algorithm) {
    case "dpmsolver++": {
      const e = expm1(-h);
      return {
        x: to.noise / from.noise,
        d0: -to.signal * e,
        midpoint: -0.5 * to.signal * e,
        d1: to.signal * (e / h + 1),
        d2: -to.signal * ((e + h) / h ** 2 - 0.5),
        noise: 0,
      };
    }
    case "dpmsolver": {
      const e = expm1(h);
      return {
        x: to.signal / from.signal,
        d0: -to.noise * e,
        midpoint: -0.5 * to.noise * e,
        d1: -to.noise * (e / h - 1),
        d2: -to.noise * ((e - h) / h ** 2 - 0.5),
        noise: 0,
      };
    }
    case "sde-dpmsolver++": {
      const e = -expm1(-2 * h);
      return {
        x: to.noise / from.noise * exp(-h),
        d0: to.signal * e,
        midpoint: 0.5 * to.signal * e,
        d1: to.signal * (e / (-2 * h) + 1),
        d2: to.signal * ((e - 2 * h) / (2 * h) ** 2 - 0.5),
        noise: to.noise * sqrt(e),
      };
    }
    case "sde-dpmsolver": {
      const e = expm1(h);
      return {
        x: to.signal / from.signal,
        d0: -2 * to.noise * e,
        midpoint: -to.noise * e,
        d1: -2 * to.noise * (e / h - 1),
        d2: NaN, // no third order is known
        noise: to.noise * sqrt(expm1(2 * h)),
      };
    }
  }
}

/** First order: the integrand is constant. */
export function firstOrder(step: Step): Terms {
  const weights = weightsOf(step);
  return sum([weights.x, step.x], [weights.d0, step.d0], [weights.noise, noise()]);
}

/** Second order: it is a straight line. */
export function secondOrder(
  { d1, type, ...step }: Step & {
    readonly d1: Terms;
    readonly type: SolverType;
  },
): Terms {
  const weights = weightsOf(step);
  return sum(
    [weights.x, step.x],
    [weights.d0, step.d0],
    [type === "midpoint" ? weights.midpoint : weights.d1, d1],
    [weights.noise, noise()],
  );
}

/** Third order: it is a parabola; without D2, a straight line whose slope was taken with care. */
export function thirdOrder(
  { d1, d2, ...step }: Step & {
    readonly d1: Terms;
    readonly d2?: Terms;
  },
): Terms {
  const weights = weightsOf(step);
  return sum(
    [weights.x, step.x],
    [weights.d0, step.d0],
    [weights.d1, d1],
    ...(d2 === undefined ? [] : [[weights.d2, d2] as const]),
    [weights.noise, noise()],
  );
}
