/**
 * Improved pseudo numerical method, crowsonkb's for v-diffusion: a fourth-order multistep method on the circle
 * `x = cos(φ) x0 + sin(φ) n`, whose timesteps are parts of its quarter. The network predicts `cos(φ) n - sin(φ) x0`.
 *
 * @module
 */
import { numbers, optional, trainStepsKey } from "./config_keys.ts";
import { adamsBashforth, history } from "./multistep.ts";
import { linspace32 } from "./noise_schedule.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { OUTPUT, SAMPLE, sum } from "./terms.ts";

const PAST = history([0, 1, 2]);

/** `IPNDMScheduler`. */
export const ipndm: SchedulerClass = schedulerClass({
  name: "IPNDMScheduler",
  keys: { num_train_timesteps: trainStepsKey, trained_betas: optional(numbers()) },
  accepts: [],
  solve: (config) => ({
    track: (count) => {
      const steps = count!;
      const { fround, sin, sqrt, atan2, PI } = Math;
      const parts = Float32Array.of(...linspace32(1, 0, steps + 1).slice(0, -1), 0);
      const noises = config.trained_betas === null
        ? parts.map((part) => fround(sin(fround(fround(part * fround(PI)) / 2))) ** 2)
        : Float32Array.from(config.trained_betas);
      if (noises.length !== steps + 1) {
        throw new SchedulerError(
          `Cannot plan IPNDMScheduler in ${steps} steps: it has ${noises.length} trained_betas, wanted ${
            steps + 1
          }`,
        );
      }
      const signals = noises.map((noise) => sqrt(fround(1 - fround(noise * noise))));
      const timesteps = Array.from(
        noises.slice(0, -1),
        (noise, i) => fround(fround(fround(atan2(noise, signals[i]!)) / fround(PI)) * 2),
      );

      const move = (timestep: number, position: number): Move => {
        const [signal, noise] = [signals[position]!, noises[position]!];
        const [nextSignal, nextNoise] = [signals[position + 1]!, noises[position + 1]!];
        const value = sum([noise, SAMPLE], [signal, OUTPUT]);
        const direction = adamsBashforth([value, ...PAST.before(position)]);
        const scale = nextSignal / Math.max(signal, 1e-8);
        return {
          evaluate: { timestep, inputScale: 1 },
          draws: 0,
          writes: [
            {
              to: "sample",
              terms: sum([scale, SAMPLE], [nextNoise - scale * noise, direction]),
            },
            PAST.keep(position, value),
          ],
        };
      };
      return {
        timesteps,
        initialScale: 1,
        kept: 3,
        level: (position) => ({ signal: signals[position]!, noise: noises[position]! }),
        moves: () => timesteps.map(move),
      };
    },
  }),
});
