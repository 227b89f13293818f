/**
 * What a network's output says about the clean sample.
 *
 * @module
 */
import type { Level, Row } from "../schedulers/plan.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";

/** A share of signal that is lost in the noise. */
const NO_SIGNAL = 1e-6;

/** What a model was trained to predict. */
export type Prediction = "epsilon" | "v_prediction" | "sample";

/**
 * Weights of sample and output in the estimate of the clean sample: x0 = a x + b output.
 *
 * For x = s x0 + n noise with r² = s² + n²: epsilon gives x0 = (x - n output) / s; the velocity v of x / r (Salimans &
 * Ho 2022) gives x0 = (s / r²) x - (n / r) v. Noise without signal says nothing by its epsilon: then x0 is 0, the mean.
 */
export function cleanWeights(
  prediction: Prediction,
  level: Level,
): { sample: number; output: number } {
  const { signal, noise } = level;
  switch (prediction) {
    case "epsilon":
      if (signal < NO_SIGNAL) return { sample: 0, output: 0 };
      return { sample: 1 / signal, output: -noise / signal };
    case "v_prediction": {
      const square = signal * signal + noise * noise;
      return { sample: signal / square, output: -noise / Math.sqrt(square) };
    }
    case "sample":
      return { sample: 0, output: 1 };
  }
}

/** What a preview of a row is made of: the plan's own estimate of the clean sample, if it is of sample and output alone. */
export function previewWeights(
  { clean, level }: Pick<Row, "clean" | "level">,
  prediction: Prediction,
): { sample: number; output: number } {
  if (clean !== undefined) {
    const { sample = 0, output = 0, noise = [], kept = [] } = clean.terms;
    const isPlain = [...noise, ...kept].every((weight) => weight === 0);
    // Without signal the plan's are huge, and limited.
    const isSmall = Math.abs(sample) < 1 / NO_SIGNAL && Math.abs(output) < 1 / NO_SIGNAL;
    if (isPlain && isSmall) return { sample, output };
  }
  return cleanWeights(prediction, level);
}

/** What a scheduler takes the network's output for. */
export function predictionOf({ name, config }: Pick<Scheduler, "name" | "config">): Prediction {
  if (name === "IPNDMScheduler") return "v_prediction"; // it has no key for it
  return config.prediction_type as Prediction | undefined ?? "epsilon";
}
