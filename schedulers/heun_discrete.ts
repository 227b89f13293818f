/**
 * Heun's method: Euler's step, then the mean of the slopes at both of its ends (Karras et al. 2022, algorithm 1).
 *
 * @module
 */
import { choice } from "./config_keys.ts";
import { clipKeys, limitOf } from "./limits.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import { predictedClean, PREDICTIONS } from "./prediction.ts";
import { sigmaSpacingKeys } from "./sigma_spacing.ts";
import {
  initialScaleOf,
  inputScaleOf,
  levelOfSigma,
  sigmaTable,
  spacingKeys,
  twice,
} from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, kept, SAMPLE, sum } from "./terms.ts";

/** Registers: the sample before the step, and the slope there. */
const BASE = 0;
const SLOPE = 1;

/** `HeunDiscreteScheduler`. */
export const heunDiscrete: SchedulerClass = schedulerClass({
  name: "HeunDiscreteScheduler",
  keys: {
    ...noiseScheduleKeys({ start: 0.00085, end: 0.012, more: ["exp"] }),
    ...sigmaSpacingKeys,
    ...spacingKeys,
    ...clipKeys({ clip: false }),
    prediction_type: choice("epsilon", PREDICTIONS),
  },
  accepts: ["strength", "begin", "timesteps"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { prediction_type: prediction } = config;
    return {
      noiseSchedule: table.schedule,
      track: (count, options) => {
        const steps = count ?? options.timesteps!.length;
        const placed = table.place({ spaced: table.spaced(steps, options.timesteps), steps });
        const [first, ...rest] = placed.timesteps.map(Math.fround);
        const [most, ...lower] = placed.sigmas;
        const timesteps = [first!, ...twice(rest)];
        const sigmas = Float32Array.of(most!, ...twice(lower), 0);

        const move = (timestep: number, position: number, second: boolean): Move => {
          const sigma = sigmas[position]!;
          const evaluated = {
            evaluate: { timestep, inputScale: inputScaleOf(sigma) },
            clean: {
              terms: predictedClean({ prediction, level: levelOfSigma(sigma) }),
              ...limitOf(config),
            },
            draws: 0,
          };
          const slope = sum([1 / sigma, SAMPLE], [-1 / sigma, CLEAN]);
          if (second) {
            const dt = sigma - sigmas[position - 1]!;
            const terms = sum([1, kept(BASE)], [dt / 2, kept(SLOPE)], [dt / 2, slope]);
            return { ...evaluated, writes: [{ to: "sample", terms }] };
          }
          return {
            ...evaluated,
            writes: [
              { to: "sample", terms: sum([1, SAMPLE], [sigmas[position + 1]! - sigma, slope]) },
              { to: BASE, terms: SAMPLE },
              { to: SLOPE, terms: slope },
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: initialScaleOf(sigmas, config.timestep_spacing),
          order: 2,
          kept: 2,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i % 2 === 1)),
        };
      },
    };
  },
});
