/** Resizing by the nearest pixel. @module */
import { nearestSource } from "../../graph/ops/resize_nearest.ts";
import { resized } from "./resized.ts";
import type { Kernel } from "./kernel.ts";

/** y[i, j] = x[source row of i, source column of j] */
export const resizeNearest: Kernel<"resizeNearest"> = (
  [x],
  { attributes: { size }, output: { shape } },
) => {
  const [, , h, w] = x!.shape as [number, number, number, number];
  return resized(x!, {
    shape,
    row: (i) => ({ first: nearestSource(i, { from: h, to: size[0] }), weights: [1] }),
    column: (j) => ({ first: nearestSource(j, { from: w, to: size[1] }), weights: [1] }),
  });
};
