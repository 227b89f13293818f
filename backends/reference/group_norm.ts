/** Group normalisation. @module */
import type { Kernel } from "./kernel.ts";
import { moments } from "./moments.ts";

/** Every group of channels of every image, normalised; then scaled and shifted by channel */
export const groupNorm: Kernel<"groupNorm"> = (
  [x, weight, bias],
  { attributes: { groups, epsilon } },
) => {
  const [n, channels, ...rest] = x!.shape as [number, number, ...number[]];
  const positions = rest.reduce((product, size) => product * size, 1);
  const source = x!.data as Float32Array;
  const y = new Float32Array(source.length);
  const size = channels / groups * positions;
  for (let group = 0; group < n * groups; group++) {
    const { mean, variance } = moments(source, { start: group * size, size });
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let at = group * size; at < (group + 1) * size; at++) {
      const channel = Math.floor(at / positions) % channels;
      const normed = (source[at]! - mean) * scale;
      y[at] = normed * (weight?.data[channel] ?? 1) + (bias?.data[channel] ?? 0);
    }
  }
  return y;
};
