/**
 * DPM-Solver++ with noise in both of its stages, k-diffusion's `dpmpp_sde`.
 *
 * The noise of each stage is an independent unit normal. diffusers draws both from one Brownian path per picture instead, whose
 * values depend on its library.
 *
 * @module
 */
import { choice } from "./config_keys.ts";
import { ancestralStep } from "./euler_ancestral_discrete.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import { predictedClean } from "./prediction.ts";
import { sigmaSpacingKeys, sigmaToTimestep } from "./sigma_spacing.ts";
import {
  initialScaleOf,
  inputScaleOf,
  levelOfSigma,
  sigmaTable,
  spacingKeys,
  twice,
} from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { CLEAN, kept, noise, SAMPLE, sum } from "./terms.ts";

/** Register: the sample before the step. */
const BASE = 0;

/** `DPMSolverSDEScheduler`. */
export const dpmSolverSde: SchedulerClass = schedulerClass({
  name: "DPMSolverSDEScheduler",
  keys: {
    ...noiseScheduleKeys({ start: 0.00085, end: 0.012 }),
    ...sigmaSpacingKeys,
    ...spacingKeys,
    prediction_type: choice("epsilon", ["epsilon", "v_prediction"]),
  },
  accepts: ["strength", "begin", "sNoise"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { logSigmas } = table;
    const { prediction_type: prediction } = config;
    return {
      noiseSchedule: table.schedule,
      track: (count, { sNoise = 1 }) => {
        const steps = count!;
        const placed = table.place({
          spaced: table.spaced(steps),
          steps,
          ownKarrasEnds: true,
        });
        const [most, ...lower] = placed.sigmas;
        const sigmas = Float32Array.of(most!, ...twice(lower), 0);
        // Second stages are in the middle of the logarithms.
        const middle = placed.sigmas.slice(0, -1).map((sigma, i) =>
          sigmaToTimestep(Math.sqrt(sigma * placed.sigmas[i + 1]!), { logSigmas })
        );
        const timesteps = placed.timesteps.flatMap((t, i) => i === 0 ? [t] : [middle[i - 1]!, t]);

        const move = (timestep: number, position: number): Move => {
          const second = position % 2 === 1;
          const from = sigmas[second ? position - 1 : position]!;
          const to = sigmas[second ? position : position + 1]!;
          const halfway = Math.sqrt(from * to);
          const sigma = second ? halfway : from;
          const { down, up } = ancestralStep(from, second ? to : halfway);
          const x = second ? kept(BASE) : SAMPLE;
          return {
            evaluate: { timestep, inputScale: inputScaleOf(sigma) },
            level: levelOfSigma(sigma), // diffusers' add_noise has the end of the step for its middle
            clean: { terms: predictedClean({ prediction, level: levelOfSigma(sigma) }) },
            draws: to > 0 ? 1 : 0,
            writes: [
              {
                to: "sample",
                terms: sum([down / from, x], [1 - down / from, CLEAN], [up * sNoise, noise()]),
              },
              ...(second ? [] : [{ to: BASE, terms: SAMPLE }]),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: initialScaleOf(sigmas, config.timestep_spacing),
          order: 2,
          kept: 1,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i)),
        };
      },
    };
  },
});
