/**
 * Pseudo numerical methods (Liu et al. 2022): a linear multistep method (PLMS) after a Runge-Kutta warm-up (PRK), or after one
 * step of Heun's kind as in latent diffusion.
 *
 * @module
 */
import { alphasOf, wholeTimesteps } from "./alphas.ts";
import { choice, flag, integer } from "./config_keys.ts";
import { adamsBashforth, history } from "./multistep.ts";
import { noiseSchedule, noiseScheduleKeys } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { predictedNoise } from "./prediction.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { SPACINGS } from "./spacing.ts";
import { kept, OUTPUT, SAMPLE, sum } from "./terms.ts";

/** Registers: the sample that several evaluations start from, the sum of their outputs, the last three outputs. */
const BASE = 0;
const TOTAL = 1;
const PAST = history([2, 3, 4]);

/** `PNDMScheduler`. */
export const pndm: SchedulerClass = schedulerClass({
  name: "PNDMScheduler",
  keys: {
    ...noiseScheduleKeys(),
    skip_prk_steps: flag(false),
    set_alpha_to_one: flag(false),
    prediction_type: choice("epsilon", ["epsilon", "v_prediction"]),
    timestep_spacing: choice("leading", SPACINGS),
    steps_offset: integer(0),
  },
  accepts: ["strength", "begin"],
  solve: (config) => {
    const schedule = noiseSchedule(config);
    const alphas = alphasOf(schedule, {
      final: config.set_alpha_to_one ? 1 : schedule.alphasCumprod[0]!,
    });
    const { num_train_timesteps: trainSteps, prediction_type: prediction } = config;

    /** Equation 9: from one timestep to another along one direction. */
    const transfer = (
      { from, to, x, output }: { from: number; to: number; x: Terms; output: Terms },
    ): Terms => {
      const [alpha, next] = [alphas.at(from), alphas.at(to)];
      const epsilon = predictedNoise({ prediction, level: alphas.level(from), x, output });
      const divisor = alpha * Math.sqrt(1 - next) + Math.sqrt(alpha * (1 - alpha) * next);
      return sum([Math.sqrt(next / alpha), x], [-(next - alpha) / divisor, epsilon]);
    };

    return {
      noiseSchedule: schedule,
      level: alphas.level,
      track: (count) => {
        const steps = count!;
        const stride = Math.floor(trainSteps / steps);
        const spaced = wholeTimesteps({
          spacing: config.timestep_spacing,
          steps,
          trainSteps,
          offset: config.steps_offset,
        });
        const warmUp = config.skip_prk_steps ? [] : rungeKuttaTimesteps(spaced, stride);
        const timesteps = config.skip_prk_steps
          ? [...spaced.slice(0, 2), ...spaced.slice(1)] // the second timestep is evaluated twice
          : [...warmUp, ...spaced.slice(3)];

        const rungeKutta = (timestep: number, index: number): Move => {
          const stage = index % 4;
          const x = stage === 0 ? SAMPLE : kept(BASE);
          const weight = [1 / 6, 1 / 3, 1 / 3, 1 / 6][stage]!;
          const total = sum([weight, OUTPUT], [stage === 0 ? 0 : 1, kept(TOTAL)]);
          const next = transfer({
            from: warmUp[index - stage]!,
            to: timestep - (stage % 2 === 0 ? Math.floor(stride / 2) : 0),
            x,
            output: stage === 3 ? total : OUTPUT,
          });
          return {
            evaluate: { timestep, inputScale: 1 },
            draws: 0,
            writes: [
              { to: "sample", terms: next },
              ...(stage === 0 ? [{ to: BASE, terms: SAMPLE }] : []),
              ...(stage === 3 ? [] : [{ to: TOTAL, terms: total }]),
              ...(stage === 0 ? [PAST.keep(index / 4, OUTPUT)] : []),
            ],
          };
        };

        /** `index` counts all rows from the start of the plan. */
        const multistep = (timestep: number, index: number): Move => {
          const again = index === 1; // Heun's corrector: the average of both ends, from the sample before
          // The number of this slope: the warm-up kept three, and the corrector's is none.
          const n = warmUp.length > 0 ? index - warmUp.length + 3 : Math.max(index - 1, 0);
          const [from, to] = again ? [timestep + stride, timestep] : [timestep, timestep - stride];
          const output = again
            ? sum([1 / 2, OUTPUT], [1 / 2, PAST.before(1)[0]!])
            : adamsBashforth([OUTPUT, ...PAST.before(n)]);
          return {
            evaluate: { timestep, inputScale: 1 },
            draws: 0,
            writes: [
              {
                to: "sample",
                terms: transfer({ from, to, x: again ? kept(BASE) : SAMPLE, output }),
              },
              ...(index === 0 ? [{ to: BASE, terms: SAMPLE }] : []),
              ...(again ? [] : [PAST.keep(n, OUTPUT)]),
            ],
          };
        };

        return {
          timesteps,
          initialScale: 1,
          kept: 5,
          level: (position) => alphas.level(timesteps[position]!),
          moves: (begin) =>
            timesteps.slice(begin).map((timestep, index) =>
              index < warmUp.length ? rungeKutta(timestep, index) : multistep(timestep, index)
            ),
        };
      },
    };
  },
});

/** Each of the first three steps is evaluated at its start, twice in the middle, and at its end. */
function rungeKuttaTimesteps(spaced: readonly number[], stride: number): number[] {
  if (spaced.length < 4) {
    throw new SchedulerError(
      `Cannot plan PNDMScheduler in ${spaced.length} steps: its Runge-Kutta warm-up needs 4 or more; set skip_prk_steps to do without`,
    );
  }
  const half = Math.floor(stride / 2);
  return [0, 1, 2].flatMap((step) => {
    const [from, to] = [spaced[step]!, spaced[step + 1]!];
    return [from, to + half, to + half, to];
  });
}
