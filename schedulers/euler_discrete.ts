/**
 * Euler's method on the probability flow, with optional churn (Karras et al. 2022, algorithm 2 without its second stage).
 *
 * @module
 */
import { choice } from "./config_keys.ts";
import { linspace32, noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { predictedClean, PREDICTIONS } from "./prediction.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { sigmaSpacingKeys, sigmaToTimestep } from "./sigma_spacing.ts";
import { initialScaleOf, inputScaleOf, levelOfSigma, sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type PlanOptions, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, noise, SAMPLE, sum } from "./terms.ts";

/** `EulerDiscreteScheduler`. */
export const eulerDiscrete: SchedulerClass = schedulerClass({
  name: "EulerDiscreteScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...sigmaSpacingKeys,
    ...spacingKeys,
    prediction_type: choice("epsilon", PREDICTIONS, { original_sample: "sample" }),
    interpolation_type: choice("linear", ["linear", "log_linear"]),
    timestep_type: choice("discrete", ["discrete", "continuous"]),
    final_sigmas_type: choice("zero", ["zero", "sigma_min"]),
  },
  accepts: ["strength", "begin", "timesteps", "sigmas", "sChurn", "sTmin", "sTmax", "sNoise"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { logSigmas } = table;
    const { prediction_type: prediction, timestep_spacing: spacing } = config;
    const continuous = config.timestep_type === "continuous" && prediction === "v_prediction";
    const last = config.final_sigmas_type === "zero" ? 0 : table.sigmas[0]!;

    const place = (count: number | null, { timesteps: given, sigmas }: PlanOptions) => {
      if (sigmas !== undefined) {
        const timesteps = sigmas.slice(0, -1).map((sigma) =>
          sigmaToTimestep(Math.fround(sigma), { logSigmas, single: true })
        );
        return { timesteps, sigmas: Float32Array.from(sigmas) };
      }
      if (given !== undefined && continuous) {
        throw new SchedulerError(
          "Cannot plan EulerDiscreteScheduler at given timesteps: its timestep_type is continuous",
        );
      }
      const steps = count ?? given!.length;
      const spaced = table.spaced(steps, given);
      // Evenly spread logarithms make one sigma more than there are steps: the last step ends at the least sigma.
      const between = linspace32(logSigmas.at(-1)!, logSigmas[0]!, steps + 1).map(Math.exp);
      const placed = table.place({
        spaced,
        steps,
        ...(config.interpolation_type === "log_linear" && { between }),
      });
      return { timesteps: placed.timesteps, sigmas: Float32Array.of(...placed.sigmas, last) };
    };

    return {
      noiseSchedule: table.schedule,
      track: (count, options) => {
        const { timesteps: discrete, sigmas } = place(count, options);
        const timesteps = continuous
          ? Array.from(sigmas.slice(0, -1), (sigma) => 0.25 * Math.fround(Math.log(sigma)))
          : discrete.map(Math.fround);
        return {
          timesteps,
          sigmas,
          initialScale: initialScaleOf(sigmas, spacing),
          kept: 0,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) =>
            timesteps.slice(begin).map((timestep, i) => {
              const sigma = sigmas[begin + i]!;
              return eulerMove({
                timestep,
                sigmas,
                position: begin + i,
                options,
                inputScale: inputScaleOf(sigma),
                clean: (x, raised) =>
                  predictedClean({
                    prediction,
                    x,
                    level: levelOfSigma(prediction === "epsilon" ? raised : sigma),
                  }),
              });
            }),
        };
      },
    };
  },
});

/**
 * One step of the method. The network sees the sample before it is churned. `clean` is the picture in a churned sample x of the
 * noise level `raised`.
 */
export function eulerMove(
  { timestep, sigmas, position, inputScale, clean, options }: {
    readonly timestep: number;
    readonly sigmas: Float32Array;
    readonly position: number;
    readonly inputScale: number;
    readonly clean: (x: Terms, raised: number) => Terms;
    readonly options: PlanOptions;
  },
): Move {
  const { sChurn = 0, sTmin = 0, sTmax = Infinity, sNoise = 1 } = options;
  const [sigma, next] = [sigmas[position]!, sigmas[position + 1]!];
  const churned = sTmin <= sigma && sigma <= sTmax;
  const gamma = churned ? Math.min(sChurn / (sigmas.length - 1), Math.SQRT2 - 1) : 0;
  const raised = sigma * (gamma + 1);
  const x = sum([1, SAMPLE], [sNoise * Math.sqrt(raised ** 2 - sigma ** 2), noise()]);
  const rate = (next - raised) / raised;
  return {
    evaluate: { timestep, inputScale },
    clean: { terms: clean(x, raised) },
    draws: gamma > 0 ? 1 : 0,
    writes: [{ to: "sample", terms: sum([1 + rate, x], [-rate, CLEAN]) }],
  };
}
