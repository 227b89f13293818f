/** Layer normalisation. @module */
import type { Kernel } from "./kernel.ts";
import { moments } from "./moments.ts";

/** Every row of the last axis, normalised; then scaled and shifted */
export const layerNorm: Kernel<"layerNorm"> = ([x, weight, bias], { attributes: { epsilon } }) => {
  const size = x!.shape.at(-1)!;
  const source = x!.data as Float32Array;
  const y = new Float32Array(source.length);
  for (let start = 0; start < source.length; start += size) {
    const { mean, variance } = moments(source, { start, size });
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let at = 0; at < size; at++) {
      const normed = (source[start + at]! - mean) * scale;
      y[start + at] = normed * (weight?.data[at] ?? 1) + (bias?.data[at] ?? 0);
    }
  }
  return y;
};
