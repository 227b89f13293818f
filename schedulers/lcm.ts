/**
 * Latent consistency models (Luo et al. 2023): every step goes to the picture, and back to a lower noise level with fresh noise.
 *
 * @module
 */
import { alphasOf } from "./alphas.ts";
import { choice, flag, integer, number } from "./config_keys.ts";
import { distilledTimesteps, everyTimestep, lastShare } from "./distilled_timesteps.ts";
import { clipKeys, limitOf, thresholdKeys } from "./limits.ts";
import { noiseSchedule, noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import { predictedClean, PREDICTIONS } from "./prediction.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { SPACINGS } from "./spacing.ts";
import { CLEAN, noise, SAMPLE, sum } from "./terms.ts";

/** Deviation of the pictures, in the boundary condition (Song et al. 2023, appendix C). */
const SIGMA_DATA = 0.5;

/** The keys of both distilled classes. The spacing has no effect, in diffusers as here. */
export const distilledKeys = {
  ...noiseScheduleKeys({ start: 0.00085, end: 0.012, schedule: "scaled_linear" }),
  ...zeroSnrKey,
  ...clipKeys({ clip: false }),
  ...thresholdKeys,
  original_inference_steps: integer(50, { least: 1 }),
  set_alpha_to_one: flag(true),
  steps_offset: integer(0),
  prediction_type: choice("epsilon", PREDICTIONS),
  timestep_spacing: choice("leading", SPACINGS),
  timestep_scaling: number(10),
};

/** `LCMScheduler`. */
export const lcm: SchedulerClass = schedulerClass({
  name: "LCMScheduler",
  keys: distilledKeys,
  accepts: ["strength", "begin", "timesteps", "originalInferenceSteps", "scheduleStrength"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule);
    const { prediction_type: prediction, num_train_timesteps: trainSteps } = config;
    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (count, options) => {
        const { timesteps: given, scheduleStrength: share = 1 } = options;
        const originalSteps = options.originalInferenceSteps ?? config.original_inference_steps;
        const { name } = lcm;
        const known = everyTimestep({ trainSteps, originalSteps, share, name });
        const steps = count ?? given!.length;
        const timesteps = given === undefined
          ? distilledTimesteps(known, { steps, most: originalSteps, name })
          : lastShare(given, share);

        const move = (timestep: number, position: number): Move => {
          const scaled = timestep * config.timestep_scaling;
          const variance = scaled ** 2 + SIGMA_DATA ** 2;
          const last = position === steps - 1;
          const next = last ? 1 : alphas.at(timesteps[position + 1] ?? timestep);
          return {
            evaluate: { timestep, inputScale: 1 },
            clean: {
              terms: predictedClean({ prediction, level: alphas.level(timestep) }),
              ...limitOf(config),
            },
            draws: last ? 0 : 1,
            writes: [{
              to: "sample",
              terms: sum(
                [Math.sqrt(next) * scaled / Math.sqrt(variance), CLEAN],
                [Math.sqrt(next) * SIGMA_DATA ** 2 / variance, SAMPLE],
                [Math.sqrt(1 - next), noise()],
              ),
            }],
          };
        };
        return {
          timesteps,
          initialScale: 1,
          kept: 0,
          level: (position) => alphas.level(timesteps[position]!),
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i)),
        };
      },
    };
  },
});
