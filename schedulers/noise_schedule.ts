/**
 * Noise schedules: how much of the picture is left after t steps of diffusion.
 *
 * Numbers are rounded where PyTorch rounds them, so that they are its own to the last bit.
 *
 * @module
 */
import { choice, flag, type Key, number, numbers, optional, trainStepsKey } from "./config_keys.ts";
import { SchedulerError } from "./scheduler_error.ts";

/** A noise schedule, in single precision. */
export interface NoiseSchedule {
  /** Variance of the noise that step t of the diffusion adds. */
  readonly betas: Float32Array;
  /** Variance of the picture that is left after step t: the product of `1 - betas`. */
  readonly alphasCumprod: Float32Array;
}

/** What a noise schedule is made of. */
export interface NoiseScheduleConfig {
  /** Number of steps of the diffusion. */
  readonly num_train_timesteps: number;
  /** The first beta. */
  readonly beta_start: number;
  /** The last beta. */
  readonly beta_end: number;
  /** The form between the two. */
  readonly beta_schedule: BetaSchedule;
  /** The betas themselves, instead of the form. */
  readonly trained_betas: readonly number[] | null;
  /** Whether the last step is to leave nothing of the picture. */
  readonly rescale_betas_zero_snr?: boolean;
}

/**
 * Forms of a noise schedule: `linear` of Ho et al. 2020, `scaled_linear` of latent diffusion (linear in the square root;
 * CompVis calls this one linear), `squaredcos_cap_v2` of Nichol & Dhariwal 2021, `sigmoid` of GeoDiff, `laplace` of Hang & Gu
 * 2024, `exp` of k-diffusion.
 */
export type BetaSchedule =
  | "linear"
  | "scaled_linear"
  | "squaredcos_cap_v2"
  | "sigmoid"
  | "laplace"
  | "exp";

const COMMON_FORMS = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;

/** The keys of a noise schedule with a class's own defaults, and the forms it knows beyond the three common ones. */
export function noiseScheduleKeys(
  { start = 0.0001, end = 0.02, schedule = "linear", more = [] }: {
    readonly start?: number;
    readonly end?: number;
    readonly schedule?: BetaSchedule;
    readonly more?: readonly BetaSchedule[];
  } = {},
): {
  readonly num_train_timesteps: Key<number>;
  readonly beta_start: Key<number>;
  readonly beta_end: Key<number>;
  readonly beta_schedule: Key<BetaSchedule>;
  readonly trained_betas: Key<readonly number[] | null>;
} {
  return {
    num_train_timesteps: trainStepsKey,
    beta_start: number(start, { least: 0, most: 1 }),
    beta_end: number(end, { least: 0, most: 1 }),
    beta_schedule: choice<BetaSchedule>(schedule, [...COMMON_FORMS, ...more]),
    trained_betas: optional(numbers({ least: 0, most: 1, fewest: 1 })),
  };
}

/** The key of a schedule that can be made to end in nothing but noise. */
export const zeroSnrKey: { readonly rescale_betas_zero_snr: Key<boolean> } = {
  rescale_betas_zero_snr: flag(false),
};

/**
 * Makes the noise schedule of a configuration. `lastAlphaCumprod` replaces a last value of 0, where a class divides by it.
 *
 * @throws {SchedulerError} A beta is outside 0..1.
 */
export function noiseSchedule(
  config: NoiseScheduleConfig,
  { lastAlphaCumprod = 0 }: { readonly lastAlphaCumprod?: number } = {},
): NoiseSchedule {
  const rescale = config.rescale_betas_zero_snr ?? false;
  const made = makeBetas(config);
  const betas = rescale ? rescaledToZeroSnr(made) : made;
  const wrong = betas.findIndex((beta) => !(beta >= 0 && beta <= 1));
  if (wrong >= 0) {
    throw new SchedulerError(
      `Cannot make a noise schedule: beta ${wrong} is ${betas[wrong]}, wanted 0 to 1`,
    );
  }
  const alphasCumprod = cumulativeProduct(betas.map((beta) => 1 - beta));
  if (rescale) alphasCumprod[alphasCumprod.length - 1] = lastAlphaCumprod;
  return { betas, alphasCumprod };
}

/** Noise over signal of each step of the diffusion, in single precision: `x = x0 + sigma n`. */
export function sigmasOf({ alphasCumprod }: NoiseSchedule): Float32Array {
  const { fround, sqrt } = Math;
  return alphasCumprod.map((alpha) => sqrt(fround(fround(1 - alpha) / alpha)));
}

function makeBetas(config: NoiseScheduleConfig): Float32Array {
  const { num_train_timesteps: steps, beta_start: start, beta_end: end } = config;
  if (config.trained_betas !== null) return Float32Array.from(config.trained_betas);
  switch (config.beta_schedule) {
    case "linear":
      return linspace32(start, end, steps);
    case "scaled_linear":
      return linspace32(Math.sqrt(start), Math.sqrt(end), steps).map((root) => root * root);
    case "squaredcos_cap_v2":
      return betasOf(steps, (t) => Math.cos((t + 0.008) / 1.008 * Math.PI / 2) ** 2);
    case "laplace":
      return betasOf(steps, (t) => {
        const side = t > 0.5 ? -1 : 1;
        const logSnr = -0.5 * side * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
        return Math.sqrt(Math.exp(logSnr) / (1 + Math.exp(logSnr)));
      });
    case "exp":
      return betasOf(steps, (t) => Math.exp(-12 * t));
    case "sigmoid": {
      const { fround, exp } = Math;
      const range = fround(end - start);
      return linspace32(-6, 6, steps)
        .map((x) => fround(fround(1 / (1 + exp(-x))) * range) + fround(start));
    }
    default: {
      const never: never = config.beta_schedule;
      throw new SchedulerError(`Cannot make a noise schedule of the form ${never}`);
    }
  }
}

/** The betas whose `alphasCumprod` is a function of time in 0..1, capped below 1 (Nichol & Dhariwal 2021, section 3.2). */
function betasOf(steps: number, alphaBar: (t: number) => number): Float32Array {
  return Float32Array.from(
    { length: steps },
    (_, i) => Math.min(1 - alphaBar((i + 1) / steps) / alphaBar(i / steps), 0.999),
  );
}

/**
 * Single precision's even spacing as PyTorch computes it: from both ends towards the middle, each with one rounding (fused
 * multiply and add).
 */
export function linspace32(start: number, end: number, count: number): Float32Array {
  const { fround } = Math;
  const [first, last] = [fround(start), fround(end)];
  const step = count > 1 ? fround(fround(last - first) / (count - 1)) : 0;
  return Float32Array.from(
    { length: count },
    (_, i) =>
      i < Math.floor(count / 2) || count === 1 ? first + step * i : last - step * (count - 1 - i),
  );
}

/** Lin et al. 2024, algorithm 1: shifts and scales the square roots so that the last is 0 and the first stays. */
function rescaledToZeroSnr(betas: Float32Array): Float32Array {
  const { fround } = Math;
  const roots = cumulativeProduct(betas.map((beta) => 1 - beta)).map(Math.sqrt);
  const first = roots[0] ?? 1;
  const last = roots[roots.length - 1] ?? 0;
  const scale = fround(first / fround(first - last));
  const bars = roots.map((root) => fround(fround(root - last) * scale) ** 2);
  return bars.map((bar, i) => 1 - fround(i === 0 ? bar : bar / bars[i - 1]!));
}

/** Accumulated in double precision, each product rounded once. */
function cumulativeProduct(factors: Float32Array): Float32Array {
  let product = 1;
  return factors.map((factor) => product *= factor);
}
