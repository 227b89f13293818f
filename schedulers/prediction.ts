/**
 * What a network's output says of the picture and of the noise, as weighted sums.
 *
 * Legend, for a sample `x = a x0 + s n` that the network sees scaled to unit variance, as `x / c` with `c² = a² + s²`:
 * - `epsilon` predicts n, `sample` predicts x0;
 * - `v_prediction` predicts `(a n - s x0) / c` (Salimans & Ho 2022, appendix D).
 *
 * @module
 */
import type { Level, Terms } from "./plan.ts";
import { OUTPUT, SAMPLE, sum } from "./terms.ts";

/** What the network was trained to predict. */
export type Prediction = "epsilon" | "sample" | "v_prediction";

/** All predictions. */
export const PREDICTIONS: readonly Prediction[] = ["epsilon", "sample", "v_prediction"];

/** What is known of a sample when the network's output is read. */
export interface Reading {
  /** What the network predicts. */
  readonly prediction: Prediction;
  /** Level of the sample. */
  readonly level: Level;
  /** The sample; the row's own by default. */
  readonly x?: Terms;
  /** The output; the row's own by default. */
  readonly output?: Terms;
}

/**
 * The clean picture x0. Of a sample that is nothing but noise (a zero terminal signal-to-noise ratio), epsilon tells only
 * where x0 lies relative to 0; its weights are then huge, and a limit makes ±1 of it.
 */
export function predictedClean(
  { prediction, level: { signal: a, noise: s }, x = SAMPLE, output = OUTPUT }: Reading,
): Terms {
  switch (prediction) {
    case "epsilon": {
      const least = Math.max(a, 1e-30);
      return sum([1 / least, x], [-s / least, output]);
    }
    case "sample":
      return output;
    case "v_prediction": {
      const square = a * a + s * s;
      return sum([a / square, x], [-s / Math.sqrt(square), output]);
    }
  }
}

/** The noise n. */
export function predictedNoise(
  { prediction, level: { signal: a, noise: s }, x = SAMPLE, output = OUTPUT }: Reading,
): Terms {
  switch (prediction) {
    case "epsilon":
      return output;
    case "sample":
      return sum([1 / s, x], [-a / s, output]);
    case "v_prediction": {
      const square = a * a + s * s;
      return sum([s / square, x], [a / Math.sqrt(square), output]);
    }
  }
}
