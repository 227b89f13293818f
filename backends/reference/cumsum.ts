/** Running sums. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** y[i] = x[0] + … + x[i] along an axis */
export const cumsum: Kernel<"cumsum"> = ([x], { attributes: { axis } }) => {
  const size = x!.shape[axis]!;
  const step = sizeOf(x!.shape.slice(axis + 1));
  const y = new Float32Array(x!.data.length);
  for (let outer = 0; outer < y.length; outer += size * step) {
    for (let first = outer; first < outer + step; first++) {
      let sum = 0;
      for (let at = 0; at < size; at++) y[first + at * step] = sum += x!.data[first + at * step]!;
    }
  }
  return y;
};
