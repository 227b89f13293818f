/**
 * The table of kernels. Elementwise ops are tails of other kernels (`pointwise.ts`); `reshape`, `slice`, `permute` and
 * `upsampleNearest` are other ways to index the same buffer, and `constant` is a buffer.
 *
 * @module
 */
import type { OpName } from "../../../graph/ops/mod.ts";
import type { Kernels } from "../kernel.ts";
import { attentionKernels } from "./attention.ts";
import { avgPool2dKernels } from "./avg_pool2d.ts";
import { concatKernels } from "./concat.ts";
import { conv2dKernels } from "./conv2d.ts";
import { convTranspose2dKernels } from "./conv_transpose2d.ts";
import { cumsumKernels } from "./cumsum.ts";
import { gatherKernels } from "./gather.ts";
import { gegluKernels } from "./geglu.ts";
import { groupNormKernels } from "./group_norm.ts";
import { layerNormKernels } from "./layer_norm.ts";
import { linearKernels } from "./linear.ts";
import { matmulKernels } from "./matmul.ts";
import { nearestCodeKernels } from "./nearest_code.ts";
import { padKernels } from "./pad.ts";
import { quantileKernels } from "./quantile.ts";
import { reduceKernels } from "./reduce.ts";
import { resizeBilinearKernels } from "./resize_bilinear.ts";
import { resizeNearestKernels } from "./resize_nearest.ts";
import { softmaxKernels } from "./softmax.ts";
import { timestepEmbeddingKernels } from "./timestep_embedding.ts";

/** Ops that are a change of index, a constant or elementwise, and so have no kernel of their own. */
export type KernelFreeOp =
  | "binary"
  | "cast"
  | "clamp"
  | "compare"
  | "constant"
  | "permute"
  | "reshape"
  | "slice"
  | "unary"
  | "upsampleNearest"
  | "where";

/** Ops with kernels. */
export type KernelOp = Exclude<OpName, KernelFreeOp>;

/** Ways to run each op, best first. */
export const kernels: { readonly [Op in KernelOp]: Kernels<Op> } = {
  attention: attentionKernels,
  avgPool2d: avgPool2dKernels,
  concat: concatKernels,
  conv2d: conv2dKernels,
  convTranspose2d: convTranspose2dKernels,
  cumsum: cumsumKernels,
  gather: gatherKernels,
  geglu: gegluKernels,
  groupNorm: groupNormKernels,
  layerNorm: layerNormKernels,
  linear: linearKernels,
  matmul: matmulKernels,
  nearestCode: nearestCodeKernels,
  pad: padKernels,
  quantile: quantileKernels,
  reduce: reduceKernels,
  resizeBilinear: resizeBilinearKernels,
  resizeNearest: resizeNearestKernels,
  softmax: softmaxKernels,
  timestepEmbedding: timestepEmbeddingKernels,
};
