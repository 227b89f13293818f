/**
 * The definition of every op.
 *
 * @module
 */
import type { OpName } from "../../graph/ops/mod.ts";
import type { Kernel } from "./kernel.ts";
import { attention } from "./attention.ts";
import { avgPool2d } from "./avg_pool2d.ts";
import { binary } from "./binary.ts";
import { cast } from "./cast.ts";
import { clamp } from "./clamp.ts";
import { compare } from "./compare.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { conv2d } from "./conv2d.ts";
import { convTranspose2d } from "./conv_transpose2d.ts";
import { cumsum } from "./cumsum.ts";
import { gather } from "./gather.ts";
import { geglu } from "./geglu.ts";
import { groupNorm } from "./group_norm.ts";
import { layerNorm } from "./layer_norm.ts";
import { linear } from "./linear.ts";
import { matmul } from "./matmul.ts";
import { nearestCode } from "./nearest_code.ts";
import { pad } from "./pad.ts";
import { permute } from "./permute.ts";
import { quantile } from "./quantile.ts";
import { reduce } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { resizeBilinear } from "./resize_bilinear.ts";
import { resizeNearest } from "./resize_nearest.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { timestepEmbedding } from "./timestep_embedding.ts";
import { unary } from "./unary.ts";
import { upsampleNearest } from "./upsample_nearest.ts";
import { where } from "./where.ts";

/** Kernels by the op's name. */
export const kernels: { readonly [Op in OpName]: Kernel<Op> } = {
  attention,
  avgPool2d,
  binary,
  cast,
  clamp,
  compare,
  concat,
  constant,
  conv2d,
  convTranspose2d,
  cumsum,
  gather,
  geglu,
  groupNorm,
  layerNorm,
  linear,
  matmul,
  nearestCode,
  pad,
  permute,
  quantile,
  reduce,
  reshape,
  resizeBilinear,
  resizeNearest,
  slice,
  softmax,
  timestepEmbedding,
  unary,
  upsampleNearest,
  where,
};
