/**
 * Denoising diffusion implicit models (Song, Meng & Ermon 2021).
 *
 * @module
 */
import { alphasOf, wholeTimesteps } from "./alphas.ts";
import { choice, flag, integer } from "./config_keys.ts";
import { clipKeys, limitOf, thresholdKeys } from "./limits.ts";
import { noiseSchedule, noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import { predictedClean, predictedNoise, PREDICTIONS } from "./prediction.ts";
import { type SchedulerClass, schedulerClass } from "./solver.ts";
import { SPACINGS } from "./spacing.ts";
import { CLEAN, noise, SAMPLE, sum } from "./terms.ts";

/** `DDIMScheduler`. */
export const ddim: SchedulerClass = schedulerClass({
  name: "DDIMScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...clipKeys({ clip: true }),
    ...thresholdKeys,
    set_alpha_to_one: flag(true),
    steps_offset: integer(0),
    prediction_type: choice("epsilon", PREDICTIONS),
    timestep_spacing: choice("leading", SPACINGS),
  },
  accepts: ["strength", "begin", "eta", "useClippedModelOutput"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule, {
      final: config.set_alpha_to_one ? 1 : schedule.alphasCumprod[0]!,
    });
    const { num_train_timesteps: trainSteps, prediction_type: prediction } = config;
    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (count, { eta = 0, useClippedModelOutput = false }) => {
        const steps = count!;
        const timesteps = wholeTimesteps({
          spacing: config.timestep_spacing,
          steps,
          trainSteps,
          offset: config.steps_offset,
        });
        const stride = Math.floor(trainSteps / steps);
        const move = (timestep: number) => {
          const [alpha, next] = [alphas.at(timestep), alphas.at(timestep - stride)];
          const level = alphas.level(timestep);
          const variance = (1 - next) / (1 - alpha) * (1 - alpha / next); // equation 16
          const deviation = eta * Math.sqrt(variance);
          const epsilon = useClippedModelOutput
            ? sum([1 / level.noise, SAMPLE], [-level.signal / level.noise, CLEAN])
            : predictedNoise({ prediction, level });
          return {
            evaluate: { timestep, inputScale: 1 },
            clean: { terms: predictedClean({ prediction, level }), ...limitOf(config) },
            draws: eta > 0 ? 1 : 0,
            writes: [{
              to: "sample" as const,
              terms: sum( // equation 12
                [Math.sqrt(next), CLEAN],
                [Math.sqrt(1 - next - deviation ** 2), epsilon],
                [deviation, noise()],
              ),
            }],
          };
        };
        return {
          timesteps,
          initialScale: 1,
          kept: 0,
          level: (position) => alphas.level(timesteps[position]!),
          moves: (begin) => timesteps.slice(begin).map(move),
        };
      },
    };
  },
});
