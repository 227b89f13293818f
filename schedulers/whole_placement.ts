/**
 * Classes of the DPM-Solver family: noise levels at whole timesteps, for samples of variance 1.
 *
 * @module
 */
import { type Config, type Key, only, optional } from "./config_keys.ts";
import { limitOf, type thresholdKeys } from "./limits.ts";
import { predictedClean, predictedNoise, type Prediction } from "./prediction.ts";
import type { Level, Row, Terms } from "./plan.ts";
import { interpolated } from "./sigma_spacing.ts";
import type { Placement, SigmaTable } from "./sigmas.ts";
import { linspace, roundHalfEven, type Spacing, trailingTimesteps } from "./spacing.ts";
import { CLEAN, SAMPLE, sum } from "./terms.ts";
import { SchedulerError } from "./scheduler_error.ts";

const FLOW = "flow matching models are not latent diffusion models";

/** The keys of flow matching, which share these classes in diffusers. */
export const noFlowKeys: {
  readonly use_flow_sigmas: Key<false>;
  readonly use_dynamic_shifting: Key<false>;
} = { use_flow_sigmas: only(false, FLOW), use_dynamic_shifting: only(false, FLOW) };

/** Which timesteps a class of the family visits. */
export interface WholeRequest {
  /** The diffusion's noise levels. */
  readonly table: SigmaTable;
  /** How many steps. */
  readonly steps: number;
  /** Given timesteps instead of spaced ones. */
  readonly given?: readonly number[];
  /** How timesteps are spread. */
  readonly spacing: Spacing;
  /** Added to every timestep of the leading spacing. */
  readonly offset: number;
  /** The noisiest timestep to visit is this less 1; that of the diffusion by default. */
  readonly last?: number;
  /** Whether the timesteps of a Karras spread are rounded; all others are cut off to whole ones. */
  readonly roundKarras?: boolean;
}

/**
 * Whole timesteps and their sigmas, from the noisiest. The end of the last step is the class's own.
 *
 * @throws {SchedulerError} There are more steps than timesteps.
 */
export function wholePlacement(request: WholeRequest): Placement {
  const { table, steps, given, roundKarras = true } = request;
  if (given !== undefined && table.spread !== undefined) table.spaced(steps, given); // which refuses
  if (table.spread === undefined) {
    const timesteps = given?.map(Math.trunc) ?? spacedWhole(request);
    if (timesteps.some((t, i) => i > 0 && t >= timesteps[i - 1]!)) {
      throw new SchedulerError(
        `Cannot plan ${steps} whole timesteps of a ${request.spacing} spacing: some are the same, wanted fewer steps`,
      );
    }
    return { timesteps, sigmas: interpolated(table.sigmas, timesteps) };
  }
  const { timesteps, sigmas } = table.place({
    spaced: [],
    between: [table.sigmas.at(-1)!, table.sigmas[0]!],
    steps,
  });
  const whole = table.spread === "karras" && roundKarras ? roundHalfEven : Math.trunc;
  return { timesteps: timesteps.map(whole), sigmas };
}

/** As many timesteps and one more, of which the least noisy is left out: the last step ends there. */
function spacedWhole({ table, steps, spacing, offset, last }: WholeRequest): number[] {
  const trainSteps = table.sigmas.length;
  const end = last ?? trainSteps;
  switch (spacing) {
    case "linspace":
      return linspace(0, end - 1, steps + 1).map(roundHalfEven).reverse().slice(0, -1);
    case "leading": {
      const ratio = Math.floor(end / (steps + 1));
      return Array.from({ length: steps }, (_, i) => (steps - i) * ratio + offset);
    }
    case "trailing":
      return trailingTimesteps({ last: end, steps, trainSteps });
  }
}

/** A noise level with its half logarithm of the signal-to-noise ratio. */
export interface Point extends Level {
  /** ln(signal / noise). */
  readonly lambda: number;
}

/** The level of variance 1 at a sigma. */
export function pointOf(sigma: number): Point {
  const signal = 1 / Math.sqrt(sigma * sigma + 1);
  return { signal, noise: sigma * signal, lambda: -Math.log(sigma) };
}

/** What the solvers of the family integrate: the picture, or the noise. */
export interface Converted {
  /** The row's limited picture. */
  readonly clean: NonNullable<Row["clean"]>;
  /** The integrand. */
  readonly value: Terms;
}

/** Reads the network's output. Where the picture is limited, the noise is that of the limited picture. */
export function converted(
  { prediction, point, of, config }: {
    readonly prediction: Prediction;
    readonly point: Point;
    readonly of: "picture" | "noise";
    readonly config: Config<typeof thresholdKeys>;
  },
): Converted {
  const clean = { terms: predictedClean({ prediction, level: point }), ...limitOf(config) };
  if (of === "picture") return { clean, value: CLEAN };
  const value = config.thresholding
    ? sum([1 / point.noise, SAMPLE], [-point.signal / point.noise, CLEAN])
    : predictedNoise({ prediction, level: point });
  return { clean, value };
}

/** A key that bounds lambda from below, as JSON or Python's JSON writes it. */
export const lambdaMinClippedKey: Key<number> = {
  fallback: -Infinity,
  wanted: "a number or -Infinity",
  accept: (value) => {
    if (value === null || value === "-Infinity" || value === "-inf") return -Infinity;
    return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
  },
};

/** The timestep after the noisiest one whose lambda is not below a bound. */
export function lastTimestep(
  { schedule: { alphasCumprod } }: SigmaTable,
  { lambdaMin }: { readonly lambdaMin: number },
): number {
  const { fround, log, sqrt } = Math;
  const below = alphasCumprod.filter((alpha) => {
    const [signal, noise] = [fround(sqrt(alpha)), fround(sqrt(fround(1 - alpha)))];
    return fround(fround(log(signal)) - fround(log(noise))) < lambdaMin;
  }).length;
  if (below >= alphasCumprod.length) {
    throw new SchedulerError(
      `Cannot clip lambda at ${lambdaMin}: no timestep has as much signal`,
    );
  }
  return alphasCumprod.length - below;
}

/** Variance types of DDPM's networks: with a learned one, half of the output is not used here. */
export const varianceTypeKey: Key<string | null> = optional({
  fallback: "fixed_small",
  wanted: "a variance type of DDPMScheduler",
  accept: (value) => typeof value === "string" ? value : undefined,
});

/** How a row reads the output of a network with a learned variance. */
export function unusedVariance(varianceType: string | null): { readonly variance?: "unused" } {
  return varianceType?.startsWith("learned") ? { variance: "unused" } : {};
}
