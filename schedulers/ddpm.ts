/**
 * Denoising diffusion probabilistic models (Ho et al. 2020), with the variances of Nichol & Dhariwal 2021.
 *
 * @module
 */
import { alphasOf, wholeTimesteps } from "./alphas.ts";
import { choice, integer } from "./config_keys.ts";
import { clipKeys, limitOf, thresholdKeys } from "./limits.ts";
import { noiseSchedule, noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import type { Row } from "./plan.ts";
import { predictedClean, PREDICTIONS } from "./prediction.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { SPACINGS } from "./spacing.ts";
import { CLEAN, noise, SAMPLE, sum } from "./terms.ts";

const VARIANCE_TYPES = [
  "fixed_small",
  "fixed_small_log",
  "fixed_large",
  "fixed_large_log",
  "learned",
  "learned_range",
] as const;

/** `DDPMScheduler`. */
export const ddpm: SchedulerClass = schedulerClass({
  name: "DDPMScheduler",
  keys: {
    ...noiseScheduleKeys({ more: ["laplace", "sigmoid"] }),
    ...zeroSnrKey,
    ...clipKeys({ clip: true }),
    ...thresholdKeys,
    variance_type: choice("fixed_small", VARIANCE_TYPES),
    prediction_type: choice("epsilon", PREDICTIONS),
    timestep_spacing: choice("leading", SPACINGS),
    steps_offset: integer(0),
  },
  accepts: ["strength", "begin", "timesteps"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule);
    const { prediction_type: prediction, variance_type: varianceType } = config;

    /** From a timestep to the one that is visited next, or to the picture if that is negative. */
    const move = (timestep: number, following: number): Move => {
      const [alpha, next] = [alphas.at(timestep), alphas.at(following)];
      const beta = 1 - alpha / next;
      const small = Math.max((1 - next) / (1 - alpha) * beta, 1e-20);
      const { weight, variance } = deviation({ varianceType, small, large: beta });
      return {
        evaluate: { timestep, inputScale: 1 },
        clean: {
          terms: predictedClean({ prediction, level: alphas.level(timestep) }),
          ...limitOf(config),
        },
        draws: timestep > 0 ? 1 : 0,
        ...(variance && { variance }),
        writes: [{
          to: "sample",
          terms: sum( // Ho et al. 2020, equation 7
            [Math.sqrt(next) * beta / (1 - alpha), CLEAN],
            [Math.sqrt(alpha / next) * (1 - next) / (1 - alpha), SAMPLE],
            [timestep > 0 ? weight : 0, noise()],
          ),
        }],
      };
    };

    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (steps, options) => {
        const timesteps = options.timesteps ?? wholeTimesteps({
          spacing: config.timestep_spacing,
          steps: steps!,
          trainSteps: config.num_train_timesteps,
          offset: config.steps_offset,
        });
        return {
          timesteps,
          initialScale: 1,
          kept: 0,
          level: (position) => alphas.level(timesteps[position]!),
          moves: (begin) =>
            timesteps.slice(begin).map((timestep, i) =>
              move(timestep, timesteps[begin + i + 1] ?? -1)
            ),
        };
      },
    };
  },
});

/**
 * The noise's weight, and what the network says of it. `small` and `large` are the variances of a step for pictures that are
 * one point and that are themselves unit noise (Ho et al. 2020, section 3.2). The names in `_log` once told how the weight was
 * computed.
 */
function deviation(
  { varianceType, small, large }: {
    readonly varianceType: typeof VARIANCE_TYPES[number];
    readonly small: number;
    readonly large: number;
  },
): { readonly weight: number; readonly variance?: NonNullable<Row["variance"]> } {
  switch (varianceType) {
    case "fixed_small":
    case "fixed_small_log":
      return { weight: Math.sqrt(small) };
    case "fixed_large":
    case "fixed_large_log":
      return { weight: Math.sqrt(large) };
    case "learned":
      return { weight: 1, variance: "learned" };
    case "learned_range":
      return { weight: 1, variance: { minLog: Math.log(small), maxLog: Math.log(large) } };
  }
}
