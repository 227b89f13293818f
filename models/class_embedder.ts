/**
 * A table of classes that a denoiser attends to (Rombach et al. 2022, section 4.3.2).
 *
 * @module
 */
import { embedding, reshape } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";

/** One token for each picture: `[n]` to `[n, 1, width]`. */
export function embedClasses(
  { count, width }: { readonly count: number; readonly width: number },
  labels: Tensor,
  weights: Weights,
): Tensor {
  const table = weights.at("embedding").tensor("weight", [count, width]);
  return reshape(embedding(labels, { table }), [labels.size(0), 1, width]);
}
