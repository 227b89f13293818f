/**
 * What a network's output says about the clean sample.
 *
 * @module
 */
import type { Level } from "../schedulers/plan.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";

/** What a model was trained to predict. */
export type Prediction = "epsilon" | "v_prediction" | "sample";

/**
 * Weights of sample and output in the estimate of the clean sample: x0 = a x + b output.
 *
 * For x = s x0 + n noise with r² = s² + n²: epsilon gives x0 = (x - n output) / s; the velocity v of x / r (Salimans &
 * Ho 2022) gives x0 = (s / r²) x - (n / r) v.
 */
export function cleanWeights(
  prediction: Prediction,
  level: Level,
): { sample: number; output: number } {
  const { signal, noise } = level;
  switch (prediction) {
    case "epsilon":
      return { sample: 1 / signal, output: -noise / signal };
    case "v_prediction": {
      const square = signal * signal + noise * noise;
      return { sample: signal / square, output: -noise / Math.sqrt(square) };
    }
    case "sample":
      return { sample: 0, output: 1 };
  }
}

/** What a scheduler takes the network's output for. */
export function predictionOf({ config }: Pick<Scheduler, "config">): Prediction {
  return config.prediction_type as Prediction | undefined ?? "epsilon";
}
