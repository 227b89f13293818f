/**
 * The error of a denoiser's prediction of the noise, as graphs.
 *
 * @module
 */
import type { Graph } from "../../graph/graph.ts";
import { abs, add, minimum, mul, reduce, sub } from "../../graph/ops/mod.ts";
import { f32 } from "../../graph/tensor_spec.ts";
import { type Tensor, trace } from "../../graph/trace.ts";

/** What is averaged of a difference d: d², |d|, or Huber's d² / 2 below 1 and |d| - 1/2 above. */
export type Loss = "l2" | "l1" | "huber";

/** The losses. */
export const LOSSES: readonly Loss[] = ["l2", "l1", "huber"];

/** What a classifier's denoiser may predict. */
export type ClassifierPrediction = "epsilon" | "v_prediction";

/** `signal latent + noise n` for each row: `latent [1, c, h, w]`, `noise [rows, c, h, w]`, levels `[rows, 1, 1, 1]`. */
export function traceNoising(shape: readonly number[]): Graph {
  const [rows, ...latent] = shape as [number, number, number, number];
  const level = f32(rows, 1, 1, 1);
  return trace(({ latent, noise, signal, sigma }) => ({
    sample: add(mul(latent, signal), mul(noise, sigma)),
  }), { latent: f32(1, ...latent), noise: f32(...shape), signal: level, sigma: level });
}

/**
 * The mean loss of each row's predicted noise, `error [rows]`.
 *
 * A velocity v is turned into the noise that it implies: with x = s x0 + n noise and s² + n² = 1, v = s noise - n x0
 * (Salimans & Ho 2022), so that noise = s v + n x.
 */
export function traceError(
  shape: readonly number[],
  { prediction, loss }: { readonly prediction: ClassifierPrediction; readonly loss: Loss },
): Graph {
  const level = f32(shape[0]!, 1, 1, 1);
  const meanLoss = (predicted: Tensor, noise: Tensor) => ({
    error: reduce(losses(sub(noise, predicted), loss), { f: "mean", axes: [1, 2, 3] }),
  });
  const inputs = { output: f32(...shape), noise: f32(...shape) };
  if (prediction === "epsilon") {
    return trace(({ output, noise }) => meanLoss(output, noise), inputs);
  }
  return trace(
    ({ output, noise, sample, signal, sigma }) =>
      meanLoss(add(mul(output, signal), mul(sample, sigma)), noise),
    { ...inputs, sample: f32(...shape), signal: level, sigma: level },
  );
}

function losses(difference: Tensor, loss: Loss): Tensor {
  switch (loss) {
    case "l2":
      return mul(difference, difference);
    case "l1":
      return abs(difference);
    case "huber": {
      const size = abs(difference);
      const small = minimum(size, 1); // m² / 2 + (|d| - m) is both of Huber's branches
      return add(mul(mul(small, small), 0.5), sub(size, small));
    }
  }
}
