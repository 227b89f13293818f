/**
 * Normalisation that latents modulate position by position.
 *
 * @module
 */
import { add, mul, resizeNearest } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { conv2d, groupNorm } from "./layers.ts";

/** Groups of the normalisation, whatever the network's. */
export const SPATIAL_NORM_GROUPS = 32;

/**
 * Group normalisation of `x [n, c, h, w]`, scaled and shifted at each position by what the latents `[n, d, h', w']` hold
 * there, each repeated to the size of x (MoVQ, Zheng et al. 2022, section 3.2).
 */
export function spatialNorm(
  w: Weights,
  x: Tensor,
  options: { readonly latents: Tensor },
): Tensor {
  const [, out, height, width] = x.shape as [number, number, number, number];
  const { latents } = options;
  return w.module(() => {
    const same = latents.size(2) === height && latents.size(3) === width;
    const there = same ? latents : resizeNearest(latents, { size: [height, width] });
    const normed = groupNorm(w.at("norm_layer"), x, {
      groups: SPATIAL_NORM_GROUPS,
      epsilon: 1e-6,
    });
    const scaled = mul(normed, conv2d(w.at("conv_y"), there, { out, kernel: 1 }));
    return add(scaled, conv2d(w.at("conv_b"), there, { out, kernel: 1 }));
  });
}
