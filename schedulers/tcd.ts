/**
 * Trajectory consistency distillation (Zheng et al. 2024): every step goes to a lower noise level than the next one's, and back to
 * that with fresh noise. Its gamma is the option eta.
 *
 * @module
 */
import { alphasOf } from "./alphas.ts";
import { distilledTimesteps, everyTimestep, lastShare } from "./distilled_timesteps.ts";
import { distilledKeys } from "./lcm.ts";
import { noiseSchedule } from "./noise_schedule.ts";
import { predictedClean, predictedNoise } from "./prediction.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, noise, sum } from "./terms.ts";

/** `TCDScheduler`. Clipping has no effect, in diffusers as here. */
export const tcd: SchedulerClass = schedulerClass({
  name: "TCDScheduler",
  keys: distilledKeys,
  accepts: ["strength", "begin", "timesteps", "eta", "originalInferenceSteps", "scheduleStrength"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule);
    const { prediction_type: prediction, num_train_timesteps: trainSteps } = config;
    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (count, options) => {
        const { timesteps: given, eta = 0.3, scheduleStrength: share = 1 } = options;
        const { originalInferenceSteps } = options;
        const { name } = tcd;
        // Asked for a number of original steps, diffusers chooses among all of the diffusion's.
        const known = originalInferenceSteps === undefined
          ? everyTimestep({
            trainSteps,
            originalSteps: config.original_inference_steps,
            share,
            name,
          })
          : Array.from({ length: Math.floor(trainSteps * share) }, (_, t) => t);
        const most = originalInferenceSteps ?? config.original_inference_steps;
        const steps = count ?? given!.length;
        const timesteps = given === undefined
          ? distilledTimesteps(known, { steps, most, name })
          : lastShare(given, share);

        const move = (timestep: number, position: number): Move => {
          const following = timesteps[position + 1] ?? 0;
          const { fround } = Math;
          const further = Math.floor(fround(fround(1 - eta) * following));
          const [lower, next] = [alphas.at(further), alphas.at(following)];
          const draws = eta > 0 && position !== steps - 1;
          const back = draws ? next / lower : 1;
          const level = alphas.level(timestep);
          return {
            evaluate: { timestep, inputScale: 1 },
            clean: { terms: predictedClean({ prediction, level }) },
            draws: draws ? 1 : 0,
            writes: [{
              to: "sample",
              terms: sum(
                [Math.sqrt(back * lower), CLEAN],
                [Math.sqrt(back * (1 - lower)), predictedNoise({ prediction, level })],
                [Math.sqrt(1 - back), noise()],
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
