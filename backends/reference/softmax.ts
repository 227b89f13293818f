/** Softmax. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** exp(x - max) / sum exp(x - max) along an axis */
export const softmax: Kernel<"softmax"> = ([x], { attributes: { axis } }) => {
  const { shape } = x!;
  const source = x!.data as Float32Array;
  const size = shape[axis]!;
  const step = sizeOf(shape.slice(axis + 1));
  const y = new Float32Array(source.length);
  const powers = new Float64Array(size);
  for (let outer = 0; outer < source.length; outer += size * step) {
    for (let first = outer; first < outer + step; first++) {
      let max = -Infinity;
      for (let at = 0; at < size; at++) max = Math.max(max, source[first + at * step]!);
      let sum = 0;
      for (let at = 0; at < size; at++) {
        sum += powers[at] = Math.exp(source[first + at * step]! - max);
      }
      for (let at = 0; at < size; at++) y[first + at * step] = powers[at]! / sum;
    }
  }
  return y;
};
