/** Resizing by linear interpolation. @module */
import { bilinearTaps } from "../../graph/ops/resize_bilinear.ts";
import { resized } from "./resized.ts";
import type { Kernel } from "./kernel.ts";

/** y[i, j] = sum of x, weighted by the taps of row i and column j */
export const resizeBilinear: Kernel<"resizeBilinear"> = (
  [x],
  { attributes: { size, antialias }, output: { shape } },
) => {
  const [, , h, w] = x!.shape as [number, number, number, number];
  return resized(x!, {
    shape,
    row: (i) => bilinearTaps(i, { from: h, to: size[0], antialias }),
    column: (j) => bilinearTaps(j, { from: w, to: size[1], antialias }),
  });
};
