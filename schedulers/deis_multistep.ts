/**
 * Diffusion exponential integrator sampler (Zhang & Chen 2023), with polynomials in the logarithm of rho = noise / signal.
 *
 * @module
 */
import { choice, flag, integer } from "./config_keys.ts";
import { firstOrder } from "./exponential_integrator.ts";
import { thresholdKeys } from "./limits.ts";
import { history } from "./multistep.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { PREDICTIONS } from "./prediction.ts";
import { sigmaSpacingKeys } from "./sigma_spacing.ts";
import { sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { SAMPLE, sum } from "./terms.ts";
import { converted, noFlowKeys, pointOf, wholePlacement } from "./whole_placement.ts";

/** `DEISMultistepScheduler`. */
export const deisMultistep: SchedulerClass = schedulerClass({
  name: "DEISMultistepScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...thresholdKeys,
    ...sigmaSpacingKeys,
    ...spacingKeys,
    ...noFlowKeys,
    solver_order: integer(2, { least: 1 }),
    prediction_type: choice("epsilon", PREDICTIONS),
    algorithm_type: choice("deis", ["deis"], {
      "dpmsolver": "deis",
      "dpmsolver++": "deis",
    }),
    solver_type: choice("logrho", ["logrho"], {
      midpoint: "logrho",
      heun: "logrho",
      bh1: "logrho",
      bh2: "logrho",
    }),
    lower_order_final: flag(true),
  },
  accepts: ["strength", "begin"],
  solve: (config) => {
    const table = sigmaTable(config);
    const most = Math.min(config.solver_order, 3);
    const past = history(Array.from({ length: most - 1 }, (_, k) => k));
    return {
      noiseSchedule: table.schedule,
      track: (count) => {
        const { timesteps, sigmas: placed } = wholePlacement({
          table,
          steps: count!,
          spacing: config.timestep_spacing,
          offset: config.steps_offset,
        });
        const last = table.spread === undefined ? table.sigmas[0]! : placed.at(-1)!;
        const sigmas = Float32Array.of(...placed, last);
        const points = Array.from(sigmas, pointOf);
        const few = config.lower_order_final && timesteps.length < 15;

        const move = (timestep: number, position: number, done: number): Move => {
          const [from, to] = [points[position]!, points[position + 1]!];
          const { clean, value } = converted({
            prediction: config.prediction_type,
            point: from,
            of: "noise",
            config,
          });
          const left = timesteps.length - position;
          const order = Math.min(most, done + 1, few ? left : most);
          const solve = (): Terms => {
            if (order === 1) {
              return firstOrder({ algorithm: "dpmsolver", from, to, x: SAMPLE, d0: value });
            }
            const values = [value, ...past.before(done)].slice(0, order);
            const rhos = values.map((_, k) => sigmas[position - k]!);
            return sum(
              [to.signal / from.signal, SAMPLE],
              ...values.map((value, k) =>
                [
                  to.signal * logarithmicIntegral(rhos, { k, to: sigmas[position + 1]! }),
                  value,
                ] as const
              ),
            );
          };
          return {
            evaluate: { timestep, inputScale: 1 },
            clean,
            draws: 0,
            writes: [
              { to: "sample", terms: solve() },
              ...(most > 1 ? [past.keep(done, value)] : []),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: 1,
          kept: most - 1,
          level: (position) => points[position]!,
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i)),
        };
      },
    };
  },
});

/**
 * The integral over rho, from the first node to `to`, of the polynomial in ln rho that is 1 at node k and 0 at the others. With
 * ∫ ln rho = rho (ln rho - 1) and ∫ ln² rho = rho (ln² rho - 2 ln rho + 2).
 */
function logarithmicIntegral(
  nodes: readonly number[],
  { k, to }: { readonly k: number; readonly to: number },
): number {
  const others = nodes.filter((_, i) => i !== k).map(Math.log);
  const own = Math.log(nodes[k]!);
  const scale = others.reduce((product, other) => product * (own - other), 1);
  const [b, c] = others;
  const antiderivative = (rho: number) => {
    const log = Math.log(rho);
    return c === undefined
      ? rho * (log - 1 - b!)
      : rho * (log * log - 2 * log + 2 - (b! + c) * (log - 1) + b! * c);
  };
  return (antiderivative(to) - antiderivative(nodes[0]!)) / scale;
}
