/**
 * RePaint (Lugmayr et al. 2022): inpainting with DDIM's steps, which goes back to higher noise levels again and again so that the
 * new part comes to fit the known one.
 *
 * @module
 */
import { alphasOf } from "./alphas.ts";
import { flag, number } from "./config_keys.ts";
import { jumpingSteps } from "./jumping_steps.ts";
import { noiseSchedule, noiseScheduleKeys } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { predictedClean } from "./prediction.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, noise, OUTPUT, SAMPLE, sum } from "./terms.ts";

/** `RePaintScheduler`. */
export const repaint: SchedulerClass = schedulerClass({
  name: "RePaintScheduler",
  keys: {
    ...noiseScheduleKeys({ more: ["sigmoid"] }),
    eta: number(0, { least: 0, most: 1 }),
    clip_sample: flag(true),
  },
  accepts: ["eta", "jumpLength", "jumpNSample"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule);
    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (count, { eta = config.eta, jumpLength = 10, jumpNSample = 10 }) => {
        const steps = count!;
        const stride = Math.floor(config.num_train_timesteps / steps);
        const timesteps = jumpingSteps({ steps, jumpLength, jumpNSample }).map((t) => t * stride);
        /** Where the sample is before a move. */
        const level = (position: number) =>
          isStep(position)
            ? alphas.level(timesteps[position]!)
            : alphas.level(timesteps[position - 1]! - stride);
        const isStep = (position: number) =>
          position === 0 || timesteps[position]! < timesteps[position - 1]!;

        const step = (timestep: number): Move => {
          const [alpha, next] = [alphas.at(timestep), alphas.at(timestep - stride)];
          const variance = (1 - next) / (1 - alpha) * (1 - alpha / next);
          const deviation = eta * Math.sqrt(variance);
          return {
            evaluate: { timestep, inputScale: 1 },
            clean: {
              terms: predictedClean({ prediction: "epsilon", level: alphas.level(timestep) }),
              ...(config.clip_sample && { limit: { clamp: 1 } }),
            },
            draws: 1,
            writes: [{
              to: "sample",
              terms: sum(
                [Math.sqrt(next), CLEAN],
                [Math.sqrt(1 - next - deviation ** 2), OUTPUT],
                [timestep > 0 ? deviation : 0, noise()],
              ),
            }],
            known: { ...alphas.level(timestep - stride), draw: "row", when: "after" },
          };
        };
        /** Diffuses as many times as there are timesteps between two steps, with the betas above the last one's timestep. */
        const undo = (last: number): Move => ({
          draws: stride,
          writes: [{
            to: "sample",
            terms: Array.from({ length: stride }).reduce<Terms>((x, _, k) => {
              const beta = schedule.betas[last + k]!;
              return sum([Math.sqrt(1 - beta), x], [Math.sqrt(beta), noise(k)]);
            }, SAMPLE),
          }],
        });
        return {
          timesteps,
          initialScale: 1,
          kept: 0,
          level,
          moves: () =>
            timesteps.map((t, position) =>
              isStep(position) ? step(t) : undo(timesteps[position - 1]!)
            ),
        };
      },
    };
  },
});
