// deno-lint-ignore-file camelcase -- keys of diffusers' configuration files
/**
 * Classes that go by whole timesteps and keep the variance of their samples.
 *
 * @module
 */
import { flag, type Key, number } from "./config_keys.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import type { Level, Limit } from "./plan.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { roundHalfEven, spacedTimesteps, type SpacingRequest } from "./spacing.ts";

/** The noise schedule's variances of the picture, by timestep. */
export interface Alphas {
  /** The variance at a timestep, and `final` before the first. */
  readonly at: (timestep: number) => number;
  /** Level of a sample at a timestep. */
  readonly level: (timestep: number) => Level;
}

/** Looks up a noise schedule. `final` is the variance of the picture once all steps are done. */
export function alphasOf(
  { alphasCumprod }: NoiseSchedule,
  { final = 1 }: { readonly final?: number } = {},
): Alphas {
  const at = (timestep: number) => {
    const alpha = timestep < 0 ? final : alphasCumprod[timestep];
    if (alpha === undefined) {
      throw new SchedulerError(
        `Cannot look up timestep ${timestep}: wanted a whole number from 0 to ${
          alphasCumprod.length - 1
        }, the steps of the diffusion`,
      );
    }
    return alpha;
  };
  return { at, level: (timestep) => levelOfAlpha(at(timestep)) };
}

/** The level at which the picture has a variance of alpha and the noise the rest. */
export function levelOfAlpha(alpha: number): Level {
  return { signal: Math.sqrt(alpha), noise: Math.sqrt(1 - alpha) };
}

/** Whole timesteps from the noisiest to the least noisy. */
export function wholeTimesteps(request: SpacingRequest): number[] {
  return spacedTimesteps(request).map(roundHalfEven);
}

/** The keys of clipping. */
export function clipKeys(
  { clip }: { readonly clip: boolean },
): { readonly clip_sample: Key<boolean>; readonly clip_sample_range: Key<number> } {
  return { clip_sample: flag(clip), clip_sample_range: number(1, { least: 0 }) };
}

/** The keys of dynamic thresholding. */
export const thresholdKeys: {
  readonly thresholding: Key<boolean>;
  readonly dynamic_thresholding_ratio: Key<number>;
  readonly sample_max_value: Key<number>;
} = {
  thresholding: flag(false),
  dynamic_thresholding_ratio: number(0.995, { least: 0, most: 1 }),
  sample_max_value: number(1),
};

/** The limit that a configuration puts on the picture: thresholding if it is on, else clipping. */
export function limitOf(config: {
  readonly clip_sample?: boolean;
  readonly clip_sample_range?: number;
  readonly thresholding?: boolean;
  readonly dynamic_thresholding_ratio?: number;
  readonly sample_max_value?: number;
}): { readonly limit?: Limit } {
  if (config.thresholding) {
    const { dynamic_thresholding_ratio: quantile = 0.995, sample_max_value: ceiling = 1 } = config;
    return { limit: { quantile, ceiling } };
  }
  return config.clip_sample ? { limit: { clamp: config.clip_sample_range ?? 1 } } : {};
}
