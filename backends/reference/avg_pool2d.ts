/** Means of windows. @module */
import type { Taps } from "../../graph/ops/resize_bilinear.ts";
import { resized } from "./resized.ts";
import type { Kernel } from "./kernel.ts";

/** y[i, j] = mean of the window that begins at (i stride, j stride) */
export const avgPool2d: Kernel<"avgPool2d"> = (
  [x],
  { attributes: { kernel, stride }, output: { shape } },
) => {
  const window = (axis: 0 | 1) => (index: number): Taps => ({
    first: index * stride[axis],
    weights: Array<number>(kernel[axis]).fill(1 / kernel[axis]),
  });
  return resized(x!, { shape, row: window(0), column: window(1) });
};
