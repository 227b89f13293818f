/**
 * Euler's method with fresh noise after every step, k-diffusion's `euler_ancestral`.
 *
 * @module
 */
import { choice } from "./config_keys.ts";
import { noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import { predictedClean } from "./prediction.ts";
import { initialScaleOf, inputScaleOf, levelOfSigma, sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, noise, SAMPLE, sum } from "./terms.ts";

/** `EulerAncestralDiscreteScheduler`. */
export const eulerAncestralDiscrete: SchedulerClass = schedulerClass({
  name: "EulerAncestralDiscreteScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...spacingKeys,
    prediction_type: choice("epsilon", ["epsilon", "v_prediction"]),
  },
  accepts: ["strength", "begin"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { prediction_type: prediction } = config;
    return {
      noiseSchedule: table.schedule,
      track: (count) => {
        const steps = count!;
        const timesteps = table.spaced(steps);
        const sigmas = Float32Array.of(...table.place({ spaced: timesteps, steps }).sigmas, 0);
        const move = (timestep: number, position: number): Move => {
          const sigma = sigmas[position]!;
          const { down, up } = ancestralStep(sigma, sigmas[position + 1]!);
          return {
            evaluate: { timestep, inputScale: inputScaleOf(sigma) },
            clean: { terms: predictedClean({ prediction, level: levelOfSigma(sigma) }) },
            draws: 1,
            writes: [{
              to: "sample",
              terms: sum([down / sigma, SAMPLE], [1 - down / sigma, CLEAN], [up, noise()]),
            }],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: initialScaleOf(sigmas, config.timestep_spacing),
          kept: 0,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i)),
        };
      },
    };
  },
});

/**
 * Splits a step between two noise levels into one that goes further down and the noise that leads back up: the same marginals as
 * DDPM's, `up² = to² (from² - to²) / from²` and `down² = to² - up² = to⁴ / from²`.
 */
export function ancestralStep(
  from: number,
  to: number,
): { readonly down: number; readonly up: number } {
  const ratio = to / from;
  return { down: to * ratio, up: to * Math.sqrt(1 - ratio * ratio) };
}
