/** Enlarging by whole factors. @module */
import { resized } from "./resized.ts";
import type { Kernel } from "./kernel.ts";

/** y[i, j] = x[floor(i / scale), floor(j / scale)] */
export const upsampleNearest: Kernel<"upsampleNearest"> = (
  [x],
  { attributes: { scale }, output: { shape } },
) =>
  resized(x!, {
    shape,
    row: (i) => ({ first: Math.floor(i / scale[0]), weights: [1] }),
    column: (j) => ({ first: Math.floor(j / scale[1]), weights: [1] }),
  });
