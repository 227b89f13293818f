/**
 * DDIM backwards, from a picture to the noise that leads to it (Song, Meng & Ermon 2021, section 4.3).
 *
 * @module
 */
import { alphasOf, wholeTimesteps } from "./alphas.ts";
import { choice, flag, integer } from "./config_keys.ts";
import { clipKeys, limitOf } from "./limits.ts";
import { noiseSchedule, noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import { predictedClean, predictedNoise, PREDICTIONS } from "./prediction.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, sum } from "./terms.ts";

/** `DDIMInverseScheduler`. */
export const ddimInverse: SchedulerClass = schedulerClass({
  name: "DDIMInverseScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...clipKeys({ clip: true }),
    set_alpha_to_one: flag(true),
    steps_offset: integer(0),
    prediction_type: choice("epsilon", PREDICTIONS),
    timestep_spacing: choice("leading", ["leading", "trailing"]),
  },
  accepts: [],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule, {
      final: config.set_alpha_to_one ? 1 : schedule.alphasCumprod[0]!,
    });
    const { num_train_timesteps: trainSteps, prediction_type: prediction } = config;
    return {
      noiseSchedule: schedule,
      track: (count) => {
        const steps = count!;
        const timesteps = wholeTimesteps({
          spacing: config.timestep_spacing,
          steps,
          trainSteps,
          offset: config.steps_offset,
        }).reverse();
        const stride = Math.floor(trainSteps / steps);
        /** The sample comes from a stride below the timestep that the network is told, which is where it goes. */
        const level = (timestep: number) =>
          alphas.level(Math.min(timestep - stride, trainSteps - 1));

        const move = (timestep: number): Move => {
          const reading = { prediction, level: level(timestep) };
          const next = alphas.level(timestep);
          return {
            evaluate: { timestep, inputScale: 1 },
            clean: { terms: predictedClean(reading), ...limitOf(config) },
            draws: 0,
            writes: [{
              to: "sample",
              terms: sum([next.signal, CLEAN], [next.noise, predictedNoise(reading)]),
            }],
            known: { ...next, draw: "start", when: "after" },
          };
        };
        return {
          timesteps,
          initialScale: 1,
          kept: 0,
          level: (position) => level(timesteps[position]!),
          moves: () => timesteps.map(move),
        };
      },
    };
  },
});
