/**
 * Changes of resolution by a fixed filter, zeros beyond the border.
 *
 * @module
 */
import { conv2d, convTranspose2d, reshape } from "../graph/ops/mod.ts";
import type { Tensor } from "../graph/trace.ts";
import { binomialKernel } from "./k_blocks.ts";

/** Each channel becomes an image of its own, as each is filtered for itself. */
function eachChannel(x: Tensor, filter: (images: Tensor) => Tensor): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const y = filter(reshape(x, [n * c, 1, height, width]));
  return reshape(y, [n, c, y.size(2), y.size(3)]);
}

/** `[n, c, h, w]` to `[n, c, h / 2, w / 2]` (Karras et al. 2020; Song et al. 2021, `fir_kernel`). */
export function binomialHalve(x: Tensor): Tensor {
  return eachChannel(
    x,
    (images) =>
      conv2d(images, { weight: binomialKernel(1), stride: [2, 2], padding: [1, 1, 1, 1] }),
  );
}

/** `[n, c, h, w]` to `[n, c, 2 h, 2 w]`. Every second pixel between those of x is empty: the filter's sum is 4. */
export function binomialDouble(x: Tensor): Tensor {
  return eachChannel(x, (images) =>
    convTranspose2d(images, {
      weight: binomialKernel(4),
      stride: [2, 2],
      padding: [1, 1, 1, 1],
    }));
}
