/**
 * Linear multistep method: slopes of several steps, put through a polynomial in sigma that is integrated over the next step
 * (k-diffusion's `lms`).
 *
 * @module
 */
import { choice } from "./config_keys.ts";
import { history } from "./multistep.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import { predictedClean, PREDICTIONS } from "./prediction.ts";
import { sigmaSpacingKeys } from "./sigma_spacing.ts";
import { initialScaleOf, inputScaleOf, levelOfSigma, sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, SAMPLE, sum } from "./terms.ts";

/** `LMSDiscreteScheduler`. */
export const lmsDiscrete: SchedulerClass = schedulerClass({
  name: "LMSDiscreteScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...sigmaSpacingKeys,
    ...spacingKeys,
    prediction_type: choice("epsilon", PREDICTIONS),
  },
  accepts: ["strength", "begin", "order"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { prediction_type: prediction } = config;
    return {
      noiseSchedule: table.schedule,
      track: (count, { order: most = 4 }) => {
        const steps = count!;
        const placed = table.place({ spaced: table.spaced(steps), steps, ownKarrasEnds: true });
        const timesteps = placed.timesteps.map(Math.fround);
        const sigmas = Float32Array.of(...placed.sigmas, 0);
        const past = history(Array.from({ length: most - 1 }, (_, k) => k));

        /** `done` counts the steps before this one, which are fewer than `position` if the plan begins later. */
        const move = (timestep: number, position: number, done: number): Move => {
          const sigma = sigmas[position]!;
          const slope = sum([1 / sigma, SAMPLE], [-1 / sigma, CLEAN]);
          // As in diffusers, a plan that begins later takes the weights of slopes that it has not seen, without these.
          const order = Math.min(position + 1, most);
          const nodes = Array.from({ length: order }, (_, k) => sigmas[position - k]!);
          const slopes = [slope, ...past.before(done)].slice(0, order);
          const weights = slopes.map((slope, k) =>
            [lagrangeIntegral(nodes, { k, to: sigmas[position + 1]! }), slope] as const
          );
          return {
            evaluate: { timestep, inputScale: inputScaleOf(sigma) },
            clean: { terms: predictedClean({ prediction, level: levelOfSigma(sigma) }) },
            draws: 0,
            writes: [
              { to: "sample", terms: sum([1, SAMPLE], ...weights) },
              ...(most > 1 ? [past.keep(done, slope)] : []),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: initialScaleOf(sigmas, config.timestep_spacing),
          kept: most - 1,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i)),
        };
      },
    };
  },
});

/**
 * The exact integral from the first node to `to` of the polynomial that is 1 at node k and 0 at the others. Its coefficients are
 * those of powers of the distance from the first node.
 */
function lagrangeIntegral(
  nodes: readonly number[],
  { k, to }: { readonly k: number; readonly to: number },
): number {
  const from = nodes[0]!;
  let coefficients = [1];
  nodes.forEach((node, i) => {
    if (i === k) return;
    const scale = 1 / (nodes[k]! - node);
    const root = node - from;
    coefficients = Array.from(
      { length: coefficients.length + 1 },
      (_, n) => scale * ((coefficients[n - 1] ?? 0) - root * (coefficients[n] ?? 0)),
    );
  });
  const distance = to - from;
  return coefficients.reduceRight((total, c, n) => (total + c / (n + 1)) * distance, 0);
}
