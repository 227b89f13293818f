/** Vector quantisation. @module */
import type { Kernel } from "./kernel.ts";

/** The index k of the least |z - codebook[k]|², the first of equals */
export const nearestCode: Kernel<"nearestCode"> = ([z, codebook], { output: { shape } }) => {
  const [codes, width] = codebook!.shape as [number, number];
  const y = new Int32Array(shape[0]!);
  for (let at = 0; at < y.length; at++) {
    let least = Infinity;
    for (let code = 0; code < codes; code++) {
      let distance = 0;
      for (let d = 0; d < width; d++) {
        distance += (z!.data[at * width + d]! - codebook!.data[code * width + d]!) ** 2;
      }
      if (distance < least) {
        least = distance;
        y[at] = code;
      }
    }
  }
  return y;
};
