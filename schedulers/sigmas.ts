/**
 * Classes that go by noise levels `x = x0 + sigma n`, the sigmas of k-diffusion (Karras et al. 2022).
 *
 * @module
 */
import { choice, type Config, integer, type Key } from "./config_keys.ts";
import {
  type NoiseSchedule,
  noiseSchedule,
  type NoiseScheduleConfig,
  sigmasOf,
} from "./noise_schedule.ts";
import type { Level } from "./plan.ts";
import { SchedulerError } from "./scheduler_error.ts";
import {
  interpolated,
  logarithms,
  type SigmaSpacing,
  sigmaSpacing,
  type sigmaSpacingKeys,
  sigmaToTimestep,
  spacedSigmas,
} from "./sigma_spacing.ts";
import { spacedTimesteps, type Spacing, SPACINGS } from "./spacing.ts";

/** The smallest positive half: a terminal sigma of 4096 in place of an infinite one. */
const LEAST_ALPHA = 2 ** -24;

/** The keys of timesteps. */
export const spacingKeys: {
  readonly timestep_spacing: Key<Spacing>;
  readonly steps_offset: Key<number>;
} = { timestep_spacing: choice("linspace", SPACINGS), steps_offset: integer(0) };

/** What {@linkcode sigmaTable} is made of. */
export type SigmaTableConfig =
  & NoiseScheduleConfig
  & Partial<Config<typeof sigmaSpacingKeys & typeof spacingKeys>>;

/** Timesteps with the noise levels of their samples, from the noisiest to the least noisy, in double precision. */
export interface Placement {
  /** Timesteps. */
  readonly timesteps: readonly number[];
  /** As many sigmas. */
  readonly sigmas: readonly number[];
}

/** The noise levels of a diffusion. */
export interface SigmaTable {
  /** Its noise schedule. */
  readonly schedule: NoiseSchedule;
  /** Sigma of every timestep, in single precision. */
  readonly sigmas: Float32Array;
  /** Their logarithms. */
  readonly logSigmas: Float32Array;
  /** The spread that the configuration chooses. */
  readonly spread: SigmaSpacing | undefined;
  /** Timesteps of the configuration's spacing, or given ones, in single precision. */
  readonly spaced: (steps: number, given?: readonly number[]) => readonly number[];
  /**
   * Places the levels: those of the given timesteps, or a spread whose ends are those of `between`, unless the configuration
   * says others.
   */
  readonly place: (request: PlaceRequest) => Placement;
}

/** What {@linkcode SigmaTable.place} needs to know. */
export interface PlaceRequest {
  /** Timesteps without a spread. */
  readonly spaced: readonly number[];
  /** Sigmas without a spread; those of the timesteps by default. */
  readonly between?: ArrayLike<number>;
  /** How many sigmas a spread has. */
  readonly steps: number;
  /** Whether a Karras spread keeps to the ends of `between` even where the configuration says others. */
  readonly ownKarrasEnds?: boolean;
}

/** Makes the noise levels of a configuration. */
export function sigmaTable(config: SigmaTableConfig): SigmaTable {
  const schedule = noiseSchedule(config, { lastAlphaCumprod: LEAST_ALPHA });
  const sigmas = sigmasOf(schedule);
  const logSigmas = logarithms(sigmas);
  const spread = sigmaSpacing({
    use_karras_sigmas: config.use_karras_sigmas ?? false,
    use_exponential_sigmas: config.use_exponential_sigmas ?? false,
    use_beta_sigmas: config.use_beta_sigmas ?? false,
  });
  return {
    schedule,
    sigmas,
    logSigmas,
    spread,
    spaced: (steps, given) => {
      if (given !== undefined && spread !== undefined) {
        throw new SchedulerError(
          `Cannot plan at given timesteps: use_${spread}_sigmas is set, which places its own`,
        );
      }
      return (given ?? spacedTimesteps({
        spacing: config.timestep_spacing ?? "linspace",
        steps,
        trainSteps: config.num_train_timesteps,
        offset: config.steps_offset ?? 0,
      })).map(Math.fround);
    },
    place: ({ spaced, between = interpolated(sigmas, spaced), steps, ownKarrasEnds = false }) => {
      if (spread === undefined) return { timesteps: spaced, sigmas: Array.from(between) };
      const { sigma_max = null, sigma_min = null } = ownKarrasEnds && spread === "karras"
        ? {}
        : config;
      const placed = spacedSigmas(spread, {
        most: sigma_max ?? between[0]!,
        least: sigma_min ?? between[between.length - 1]!,
        steps,
      });
      return {
        timesteps: placed.map((sigma) => sigmaToTimestep(sigma, { logSigmas })),
        sigmas: placed,
      };
    },
  };
}

/** Level of a sample whose picture has weight 1. */
export function levelOfSigma(sigma: number): Level {
  return { signal: 1, noise: sigma };
}

/** What brings such a sample to unit variance before the network sees it. */
export function inputScaleOf(sigma: number): number {
  return 1 / Math.sqrt(sigma * sigma + 1);
}

/**
 * The scale of the first noise: the largest sigma, or, for the leading spacing, the deviation of picture and noise together.
 */
export function initialScaleOf(sigmas: Float32Array, spacing: Spacing): number {
  const { fround } = Math;
  const most = sigmas.reduce((a, b) => Math.max(a, b));
  return spacing === "leading" ? fround(Math.sqrt(fround(fround(most * most) + 1))) : most;
}

/** Repeats each element. */
export function twice<T>(values: readonly T[]): T[] {
  return values.flatMap((value) => [value, value]);
}
