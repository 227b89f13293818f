/**
 * The singlestep DPM-Solvers (Lu et al. 2022): steps of alternating orders, each of which goes from the last step of order 1 again.
 *
 * @module
 */
import { choice, type Config, flag, integer } from "./config_keys.ts";
import { firstOrder, secondOrder, thirdOrder } from "./exponential_integrator.ts";
import { thresholdKeys } from "./limits.ts";
import { history } from "./multistep.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { PREDICTIONS } from "./prediction.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { sigmaSpacingKeys } from "./sigma_spacing.ts";
import { sigmaTable } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { kept, SAMPLE, sum } from "./terms.ts";
import {
  converted,
  lambdaMinClippedKey,
  lastTimestep,
  noFlowKeys,
  pointOf,
  unusedVariance,
  varianceTypeKey,
  wholePlacement,
} from "./whole_placement.ts";

/** Register: the sample before the last step of order 1. */
const BASE = 0;

const keys = {
  ...noiseScheduleKeys(),
  ...thresholdKeys,
  ...sigmaSpacingKeys,
  ...noFlowKeys,
  solver_order: integer(2, { least: 1, most: 3 }),
  prediction_type: choice("epsilon", PREDICTIONS),
  algorithm_type: choice(
    "dpmsolver++",
    ["dpmsolver", "dpmsolver++", "sde-dpmsolver++"],
    { deis: "dpmsolver++" },
  ),
  solver_type: choice("midpoint", ["midpoint", "heun"], {
    logrho: "midpoint",
    bh1: "midpoint",
    bh2: "midpoint",
  }),
  lower_order_final: flag(false),
  final_sigmas_type: choice("zero", ["zero", "sigma_min"]),
  lambda_min_clipped: lambdaMinClippedKey,
  variance_type: varianceTypeKey,
};

/** `DPMSolverSinglestepScheduler`. */
export const dpmSolverSinglestep: SchedulerClass = schedulerClass({
  name: "DPMSolverSinglestepScheduler",
  keys,
  accepts: ["strength", "begin", "timesteps"],
  solve: (config) => {
    const { algorithm_type: algorithm, solver_type: type, prediction_type: prediction } = config;
    const integratesPicture = algorithm.endsWith("++");
    if (!integratesPicture && config.final_sigmas_type === "zero") {
      throw new SchedulerError(
        `Cannot configure DPMSolverSinglestepScheduler: ${algorithm} cannot end at a final_sigmas_type of zero, wanted sigma_min`,
      );
    }
    const table = sigmaTable(config);
    const draws = algorithm.startsWith("sde") ? 1 : 0;
    const size = config.solver_order - 1;
    const past = history(Array.from({ length: size }, (_, k) => BASE + 1 + k));

    return {
      noiseSchedule: table.schedule,
      track: (count, { timesteps: given }) => {
        const steps = count ?? given!.length;
        const { timesteps, sigmas: placed } = wholePlacement({
          table,
          steps,
          ...(given && { given }),
          spacing: "linspace",
          offset: 0,
          last: lastTimestep(table, { lambdaMin: config.lambda_min_clipped }),
        });
        const last = config.final_sigmas_type === "zero" ? 0 : table.sigmas[0]!;
        const sigmas = Float32Array.of(...placed, last);
        const points = Array.from(sigmas, pointOf);
        const orders = orderList(config, steps);

        const move = (timestep: number, position: number, done: number): Move => {
          const { clean, value } = converted({
            prediction,
            point: points[position]!,
            of: integratesPicture ? "picture" : "noise",
            config,
          });
          const order = Math.min(orders[position]!, done + 1);
          const from = points[position - order + 1]!; // where the last step of order 1 began
          const to = points[position + 1]!;
          const values = [value, ...past.before(done)];
          const step = {
            algorithm,
            from,
            to,
            x: order === 1 ? SAMPLE : kept(BASE),
            d0: values[order - 1]!,
          };
          const ratio = (k: number) =>
            (points[position - k]!.lambda - from.lambda) / (to.lambda - from.lambda);
          const slope = (k: number) => sum([1 / ratio(k), values[k]!], [-1 / ratio(k), step.d0]);
          const solve = (): Terms => {
            if (order === 1) return firstOrder(step);
            if (order === 2) return secondOrder({ ...step, type, d1: slope(0) });
            if (type === "midpoint") return thirdOrder({ ...step, d1: slope(0) });
            const between = ratio(0) - ratio(1);
            return thirdOrder({
              ...step,
              d1: sum([ratio(0) / between, slope(1)], [-ratio(1) / between, slope(0)]),
              d2: sum([2 / between, slope(0)], [-2 / between, slope(1)]),
            });
          };
          return {
            evaluate: { timestep, inputScale: 1 },
            clean,
            ...unusedVariance(config.variance_type),
            draws,
            writes: [
              { to: "sample", terms: solve() },
              ...(order === 1 ? [{ to: BASE, terms: SAMPLE }] : []),
              ...(size > 0 ? [past.keep(done, value)] : []),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: 1,
          kept: 1 + size,
          level: (position) => points[position]!,
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i)),
        };
      },
    };
  },
});

/**
 * The order of every step: 1, 2, 1, 2, … or 1, 2, 3, 1, 2, 3, …, with lower ones at the end where asked for, or where the steps
 * do not come out even or end at a sigma of 0.
 */
function orderList(config: Config<typeof keys>, steps: number): number[] {
  const order = config.solver_order;
  const toZero = config.final_sigmas_type === "zero";
  const cycle = Array.from({ length: order }, (_, k) => k + 1);
  const lower = config.lower_order_final || steps % order !== 0 || toZero;
  const orders = Array.from({ length: steps }, (_, i) => cycle[i % order]!);
  if (lower && order > 1 && steps % order === 0) {
    // The last round would end in the highest order.
    orders.splice(-order, order, ...(order === 3 ? [1, 2, 1] : [1, 1]));
  }
  if (toZero) orders[steps - 1] = 1;
  return orders;
}
