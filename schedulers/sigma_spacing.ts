/**
 * How noise levels are spread, and which timestep belongs to one.
 *
 * Here `sigma` is noise over signal, `x = x0 + sigma n`.
 *
 * @module
 */
import { symmetricBetaQuantile } from "./beta_quantile.ts";
import { type Config, flag, type Key, number, optional } from "./config_keys.ts";
import { SchedulerError } from "./scheduler_error.ts";
import { singleLogarithm } from "./single_logarithm.ts";
import { linspace } from "./spacing.ts";

/** Spreads of noise levels that replace those of the timesteps. */
export type SigmaSpacing = "karras" | "exponential" | "beta";

/**
 * The keys that choose a spread, and its ends where they are not the schedule's. Only some classes of diffusers declare the
 * ends, but all heed them when a configuration of another class brings them along.
 */
export const sigmaSpacingKeys: {
  readonly use_karras_sigmas: Key<boolean>;
  readonly use_exponential_sigmas: Key<boolean>;
  readonly use_beta_sigmas: Key<boolean>;
  readonly sigma_min: Key<number | null>;
  readonly sigma_max: Key<number | null>;
} = {
  use_karras_sigmas: flag(false),
  use_exponential_sigmas: flag(false),
  use_beta_sigmas: flag(false),
  sigma_min: optional(number(0, { least: 0 })),
  sigma_max: optional(number(0, { least: 0 })),
};

/**
 * The spread that a configuration chooses, if any.
 *
 * @throws {SchedulerError} It chooses several.
 */
export function sigmaSpacing(
  config: Pick<
    Config<typeof sigmaSpacingKeys>,
    "use_karras_sigmas" | "use_exponential_sigmas" | "use_beta_sigmas"
  >,
): SigmaSpacing | undefined {
  const chosen = ([
    ["karras", config.use_karras_sigmas],
    ["exponential", config.use_exponential_sigmas],
    ["beta", config.use_beta_sigmas],
  ] as const).flatMap(([spacing, used]) => used ? [spacing] : []);
  if (chosen.length > 1) {
    throw new SchedulerError(
      `Cannot use several spreads of sigmas at once: ${
        chosen.map((spacing) => `use_${spacing}_sigmas`).join(" and ")
      } are set, wanted one at most`,
    );
  }
  return chosen[0];
}

/** The ends of a spread of `steps` noise levels. */
export interface SigmaRange {
  /** The noisiest. */
  readonly most: number;
  /** The least noisy. */
  readonly least: number;
  /** How many levels, both ends included. */
  readonly steps: number;
}

/** Noise levels from the noisiest to the least noisy, in double precision. */
export function spacedSigmas(spacing: SigmaSpacing, { most, least, steps }: SigmaRange): number[] {
  switch (spacing) {
    case "karras":
      return karrasSigmas({ most, least, ramp: linspace(0, 1, steps) });
    case "exponential":
      return linspace(Math.log(most), Math.log(least), steps).map(Math.exp);
    case "beta":
      return linspace(0, 1, steps).map((t) =>
        least + symmetricBetaQuantile(1 - t, 0.6) * (most - least)
      );
  }
}

/** Karras et al. 2022, equation 5: evenly spread in sigma^(1/rho). `ramp` runs from 0, the noisiest, to 1. */
export function karrasSigmas(
  { most, least, ramp, rho = 7 }: {
    readonly most: number;
    readonly least: number;
    readonly ramp: readonly number[];
    readonly rho?: number;
  },
): number[] {
  const [from, to] = [most ** (1 / rho), least ** (1 / rho)];
  return ramp.map((t) => (from + t * (to - from)) ** rho);
}

/** The values of a table at fractional positions, on straight lines between its entries and constant beyond them. */
export function interpolated(table: ArrayLike<number>, positions: readonly number[]): number[] {
  const last = table.length - 1;
  return positions.map((position) => {
    if (position <= 0) return table[0]!;
    if (position >= last) return table[last]!;
    const low = Math.floor(position);
    return (table[low + 1]! - table[low]!) * (position - low) + table[low]!;
  });
}

/** Natural logarithms of a table, in its own single precision. */
export function logarithms(table: Float32Array): Float32Array {
  return table.map(singleLogarithm);
}

/**
 * The timestep of a noise level: the place of its logarithm among those of the diffusion's sigmas, which increase. `single` tells
 * that the noise level is a single, of which NumPy makes singles in turn.
 */
export function sigmaToTimestep(
  sigma: number,
  { logSigmas, single = false }: { readonly logSigmas: Float32Array; readonly single?: boolean },
): number {
  const round = single ? Math.fround : (x: number) => x;
  const logarithm = single ? singleLogarithm : Math.log;
  const logSigma = logarithm(Math.max(sigma, round(1e-10)));
  const above = logSigmas.findIndex((log) => log > logSigma);
  const low = Math.min(
    Math.max((above < 0 ? logSigmas.length : above) - 1, 0),
    logSigmas.length - 2,
  );
  const [logLow, logHigh] = [logSigmas[low]!, logSigmas[low + 1]!];
  const share = round(round(logLow - logSigma) / Math.fround(logLow - logHigh));
  const within = Math.min(Math.max(share, 0), 1);
  return round(round(round(1 - within) * low) + round(within * (low + 1)));
}
