/**
 * Classes that go by whole timesteps and keep the variance of their samples.
 *
 * @module
 */
import type { NoiseSchedule } from "./noise_schedule.ts";
import type { Level } from "./plan.ts";
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
        }, the steps of the diffusion` +
          (timestep === alphasCumprod.length
            ? "; where timesteps are counted from an offset, as many steps as that are one too many"
            : ""),
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
