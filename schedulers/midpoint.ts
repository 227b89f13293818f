/**
 * The midpoint method in the logarithm of sigma: DPM-Solver-2 of k-diffusion (`dpm_2`; Karras et al. 2022, appendix D.2).
 *
 * @module
 */
import { choice, type Config, type Key } from "./config_keys.ts";
import { noiseScheduleKeys } from "./noise_schedule.ts";
import { predictedClean } from "./prediction.ts";
import { sigmaSpacingKeys, sigmaToTimestep } from "./sigma_spacing.ts";
import {
  initialScaleOf,
  inputScaleOf,
  levelOfSigma,
  type SigmaTable,
  sigmaTable,
  spacingKeys,
  twice,
} from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass, type Track } from "./solver.ts";
import { roundHalfEven } from "./spacing.ts";
import { CLEAN, kept, noise, SAMPLE, sum } from "./terms.ts";

const keys = {
  ...noiseScheduleKeys({ start: 0.00085, end: 0.012 }),
  ...sigmaSpacingKeys,
  ...spacingKeys,
  prediction_type: choice("epsilon", ["epsilon", "v_prediction"]) as Key<
    "epsilon" | "v_prediction"
  >,
};

/** One whole step of the method. */
export interface MidpointStep {
  /** Sigma at its start. */
  readonly from: number;
  /** Sigma at the middle, where the slope is taken; 0 in the last step, which has no second stage. */
  readonly middle: number;
  /** Sigma where the slope leads. */
  readonly down: number;
  /** The noise gained there. */
  readonly up: number;
}

/** Defines a class of the method: `steps` divides noise levels, of which the last is 0, into steps. */
export function midpointClass(
  { name, draws, steps: divided }: {
    readonly name: string;
    /** How many normals a second stage draws. */
    readonly draws: number;
    readonly steps: (sigmas: readonly number[]) => readonly MidpointStep[];
  },
): SchedulerClass {
  return schedulerClass({
    name,
    keys,
    accepts: ["strength", "begin"],
    solve: (config) => {
      const table = sigmaTable(config);
      return {
        noiseSchedule: table.schedule,
        track: (count) => {
          const steps = count!;
          const placed = table.place({ spaced: table.spaced(steps), steps });
          const sigmas = [...placed.sigmas.map(Math.fround), 0];
          return midpointTrack(config, {
            table,
            draws,
            whole: config.use_karras_sigmas
              ? placed.timesteps.map(roundHalfEven)
              : placed.timesteps,
            steps: divided(sigmas),
          });
        },
      };
    },
  });
}

function midpointTrack(
  config: Config<typeof keys>,
  { table: { logSigmas }, draws, whole, steps }: {
    readonly table: SigmaTable;
    readonly draws: number;
    readonly whole: readonly number[];
    readonly steps: readonly MidpointStep[];
  },
): Track {
  const { prediction_type: prediction, timestep_spacing: spacing } = config;
  const base = 0; // register: the sample before the step
  const timesteps = steps.flatMap(({ middle }, k) => [
    Math.fround(whole[k]!),
    ...(k < steps.length - 1 ? [sigmaToTimestep(middle, { logSigmas, single: true })] : []),
  ]);
  const [first, ...rest] = steps.map(({ from }) => from);
  const sigmas = Float32Array.of(first!, ...twice([...rest, 0]), 0);

  const move = (timestep: number, position: number): Move => {
    const { from, middle, down, up } = steps[Math.floor(position / 2)]!;
    const second = position % 2 === 1;
    const sigma = second ? middle : from;
    const slope = sum([1 / sigma, SAMPLE], [-1 / sigma, CLEAN]);
    return {
      evaluate: { timestep, inputScale: inputScaleOf(sigma) },
      level: levelOfSigma(sigma), // diffusers' add_noise has the end of the step for its middle
      clean: { terms: predictedClean({ prediction, level: levelOfSigma(sigma) }) },
      draws: second ? draws : 0,
      writes: second
        ? [{ to: "sample", terms: sum([1, kept(base)], [down - from, slope], [up, noise()]) }]
        : [
          { to: "sample", terms: sum([1, SAMPLE], [middle - from, slope]) },
          { to: base, terms: SAMPLE },
        ],
    };
  };
  return {
    timesteps,
    sigmas,
    initialScale: initialScaleOf(sigmas, spacing),
    order: 2,
    kept: 1,
    level: (position) => levelOfSigma(sigmas[position]!),
    moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i)),
  };
}

/** The middle of two sigmas in the logarithm, in single precision. */
export function logarithmicMiddle(a: number, b: number): number {
  return Math.fround(Math.sqrt(a * b));
}
