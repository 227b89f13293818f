/**
 * The multistep DPM-Solvers (Lu et al. 2022), of which DPM++ 2M is the second order of `dpmsolver++`.
 *
 * @module
 */
import { choice, flag, integer } from "./config_keys.ts";
import { firstOrder, secondOrder, thirdOrder } from "./exponential_integrator.ts";
import { thresholdKeys } from "./limits.ts";
import { history } from "./multistep.ts";
import { noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { PREDICTIONS } from "./prediction.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { sigmaSpacingKeys, sigmaToTimestep } from "./sigma_spacing.ts";
import { type Placement, sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { linspace, roundHalfEven } from "./spacing.ts";
import { SAMPLE, sum } from "./terms.ts";
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

/** `DPMSolverMultistepScheduler`. */
export const dpmSolverMultistep: SchedulerClass = schedulerClass({
  name: "DPMSolverMultistepScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...thresholdKeys,
    ...sigmaSpacingKeys,
    ...spacingKeys,
    ...noFlowKeys,
    solver_order: integer(2, { least: 1 }),
    prediction_type: choice("epsilon", PREDICTIONS),
    algorithm_type: choice(
      "dpmsolver++",
      ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"],
      { deis: "dpmsolver++" },
    ),
    solver_type: choice("midpoint", ["midpoint", "heun"], {
      logrho: "midpoint",
      bh1: "midpoint",
      bh2: "midpoint",
    }),
    lower_order_final: flag(true),
    euler_at_final: flag(false),
    use_lu_lambdas: flag(false),
    final_sigmas_type: choice("zero", ["zero", "sigma_min"]),
    lambda_min_clipped: lambdaMinClippedKey,
    variance_type: varianceTypeKey,
  },
  accepts: ["strength", "begin", "timesteps"],
  solve: (config) => {
    const { algorithm_type: algorithm, solver_type: type, prediction_type: prediction } = config;
    const integratesPicture = algorithm.endsWith("++");
    if (!integratesPicture && config.final_sigmas_type === "zero") {
      throw new SchedulerError(
        `Cannot configure DPMSolverMultistepScheduler: ${algorithm} cannot end at a final_sigmas_type of zero, wanted sigma_min`,
      );
    }
    const order = Math.min(config.solver_order, 3);
    if (algorithm === "sde-dpmsolver" && order === 3) {
      throw new SchedulerError(
        "Cannot configure DPMSolverMultistepScheduler: sde-dpmsolver has no solver_order of 3, wanted 1 or 2",
      );
    }
    const table = sigmaTable(config);
    const draws = algorithm.startsWith("sde") ? 1 : 0;
    const roundKarras = config.beta_schedule !== "squaredcos_cap_v2";
    const past = history(Array.from({ length: order - 1 }, (_, k) => k));

    const place = (count: number | null, given: readonly number[] | undefined): Placement => {
      const steps = count ?? given!.length;
      if (!config.use_lu_lambdas || config.use_karras_sigmas) {
        return wholePlacement({
          table,
          steps,
          ...(given && { given }),
          spacing: config.timestep_spacing,
          offset: config.steps_offset,
          last: lastTimestep(table, { lambdaMin: config.lambda_min_clipped }),
          roundKarras,
        });
      }
      if (given !== undefined) {
        throw new SchedulerError(
          "Cannot plan DPMSolverMultistepScheduler at given timesteps: use_lu_lambdas places its own",
        );
      }
      // Evenly spread in lambda (Lu et al. 2022, section 4.1).
      const { logSigmas } = table;
      const sigmas = linspace(logSigmas.at(-1)!, logSigmas[0]!, steps).map(Math.exp);
      const whole = roundKarras ? roundHalfEven : Math.trunc;
      return {
        timesteps: sigmas.map((sigma) => whole(sigmaToTimestep(sigma, { logSigmas }))),
        sigmas,
      };
    };

    return {
      noiseSchedule: table.schedule,
      track: (count, { timesteps: given }) => {
        const placed = place(count, given);
        const { timesteps } = placed;
        const last = config.final_sigmas_type === "zero" ? 0 : table.sigmas[0]!;
        const sigmas = Float32Array.of(...placed.sigmas, last);
        const points = Array.from(sigmas, pointOf);
        const few = config.lower_order_final && timesteps.length < 15;

        const orderAt = (position: number, done: number): number => {
          const left = timesteps.length - position;
          if (left === 1 && (config.euler_at_final || few || last === 0)) return 1;
          return Math.min(order, done + 1, left === 2 && few ? 2 : 3);
        };

        const move = (timestep: number, position: number, done: number): Move => {
          const { clean, value } = converted({
            prediction,
            point: points[position]!,
            of: integratesPicture ? "picture" : "noise",
            config,
          });
          const [from, to] = [points[position]!, points[position + 1]!];
          const step = { algorithm, from, to, x: SAMPLE, d0: value };
          const values = [value, ...past.before(done)];
          const ratio = (k: number) =>
            (points[position - k]!.lambda - points[position - k - 1]!.lambda) /
            (to.lambda - from.lambda);
          const slope = (k: number) =>
            sum([1 / ratio(k), values[k]!], [-1 / ratio(k), values[k + 1]!]);
          const taken = orderAt(position, done);
          const solve = (): Terms => {
            if (taken === 1) return firstOrder(step);
            if (taken === 2) return secondOrder({ ...step, type, d1: slope(0) });
            const both = ratio(0) + ratio(1);
            const d2 = sum([1 / both, slope(0)], [-1 / both, slope(1)]);
            return thirdOrder({ ...step, d1: sum([1, slope(0)], [ratio(0), d2]), d2 });
          };
          return {
            evaluate: { timestep, inputScale: 1 },
            clean,
            ...unusedVariance(config.variance_type),
            draws,
            writes: [
              { to: "sample", terms: solve() },
              ...(order > 1 ? [past.keep(done, value)] : []),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: 1,
          kept: order - 1,
          level: (position) => points[position]!,
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i)),
        };
      },
    };
  },
});
