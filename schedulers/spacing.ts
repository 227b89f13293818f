/**
 * Which timesteps a sampler visits (Lin et al. 2024, table 2), rounded as NumPy rounds them.
 *
 * @module
 */

/** How timesteps are spread over the diffusion. */
export type Spacing = "leading" | "linspace" | "trailing";

/** All spacings. */
export const SPACINGS: readonly Spacing[] = ["linspace", "leading", "trailing"];

/** What {@linkcode spacedTimesteps} needs to know. */
export interface SpacingRequest {
  /** How timesteps are spread. */
  readonly spacing: Spacing;
  /** How many there are to be. */
  readonly steps: number;
  /** Number of steps of the diffusion. */
  readonly trainSteps: number;
  /** Added to every timestep of the leading spacing. */
  readonly offset: number;
}

/** Timesteps from the noisiest to the least noisy. Those of `linspace` are not rounded. */
export function spacedTimesteps({ spacing, steps, trainSteps, offset }: SpacingRequest): number[] {
  switch (spacing) {
    case "linspace":
      return linspace(0, trainSteps - 1, steps).reverse();
    case "leading": {
      const ratio = Math.floor(trainSteps / steps);
      return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * ratio + offset);
    }
    case "trailing":
      return trailingTimesteps({ last: trainSteps, steps, trainSteps });
  }
}

/**
 * Timesteps that end at the noisiest one, `last - 1`, a `steps`-th of the diffusion apart. There are exactly as many as fit:
 * NumPy's arange counts one too many for some numbers of steps (61, 103, …), whose extra timestep would be -1.
 */
export function trailingTimesteps(
  { last, steps, trainSteps }: {
    readonly last: number;
    readonly steps: number;
    readonly trainSteps: number;
  },
): number[] {
  const count = Math.floor((last * steps + trainSteps - 1) / trainSteps);
  const step = last - trainSteps / steps - last;
  return Array.from({ length: count }, (_, i) => roundHalfEven(last + i * step) - 1);
}

/** `count` numbers from `start` to `end`, both included, in double precision; one number is `start`. */
export function linspace(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from(
    { length: count },
    (_, i) => i === 0 ? start : i === count - 1 ? end : i * step + start,
  );
}

/** Rounds to the nearest whole number, halves to the even one. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}
