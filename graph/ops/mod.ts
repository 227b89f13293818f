/**
 * The table of all ops.
 *
 * @module
 */
import type { OpDefinition } from "../op.ts";
import { type AttentionAttributes, attentionOp } from "./attention.ts";
import { type AvgPool2dAttributes, avgPool2dOp } from "./avg_pool2d.ts";
import { type BinaryAttributes, binaryOp } from "./binary.ts";
import { type CastAttributes, castOp } from "./cast.ts";
import { type ClampAttributes, clampOp } from "./clamp.ts";
import { type CompareAttributes, compareOp } from "./compare.ts";
import { type ConcatAttributes, concatOp } from "./concat.ts";
import { type ConstantAttributes, constantOp } from "./constant.ts";
import { type Conv2dAttributes, conv2dOp } from "./conv2d.ts";
import { type ConvTranspose2dAttributes, convTranspose2dOp } from "./conv_transpose2d.ts";
import { type CumsumAttributes, cumsumOp } from "./cumsum.ts";
import { type GatherAttributes, gatherOp } from "./gather.ts";
import { type GegluAttributes, gegluOp } from "./geglu.ts";
import { type GroupNormAttributes, groupNormOp } from "./group_norm.ts";
import { type LayerNormAttributes, layerNormOp } from "./layer_norm.ts";
import { type LinearAttributes, linearOp } from "./linear.ts";
import { type MatmulAttributes, matmulOp } from "./matmul.ts";
import { type NearestCodeAttributes, nearestCodeOp } from "./nearest_code.ts";
import { type PadAttributes, padOp } from "./pad.ts";
import { type PermuteAttributes, permuteOp } from "./permute.ts";
import { type QuantileAttributes, quantileOp } from "./quantile.ts";
import { type ReduceAttributes, reduceOp } from "./reduce.ts";
import { type ReshapeAttributes, reshapeOp } from "./reshape.ts";
import { type ResizeBilinearAttributes, resizeBilinearOp } from "./resize_bilinear.ts";
import { type ResizeNearestAttributes, resizeNearestOp } from "./resize_nearest.ts";
import { type SliceAttributes, sliceOp } from "./slice.ts";
import { type SoftmaxAttributes, softmaxOp } from "./softmax.ts";
import { type TimestepEmbeddingAttributes, timestepEmbeddingOp } from "./timestep_embedding.ts";
import { type UnaryAttributes, unaryOp } from "./unary.ts";
import { type UpsampleNearestAttributes, upsampleNearestOp } from "./upsample_nearest.ts";
import { type WhereAttributes, whereOp } from "./where.ts";

/** Attributes of each op, by its name. */
export interface OpAttributes {
  /** See {@linkcode attentionOp}. */
  readonly attention: AttentionAttributes;
  /** See {@linkcode avgPool2dOp}. */
  readonly avgPool2d: AvgPool2dAttributes;
  /** See {@linkcode binaryOp}. */
  readonly binary: BinaryAttributes;
  /** See {@linkcode castOp}. */
  readonly cast: CastAttributes;
  /** See {@linkcode clampOp}. */
  readonly clamp: ClampAttributes;
  /** See {@linkcode compareOp}. */
  readonly compare: CompareAttributes;
  /** See {@linkcode concatOp}. */
  readonly concat: ConcatAttributes;
  /** See {@linkcode constantOp}. */
  readonly constant: ConstantAttributes;
  /** See {@linkcode conv2dOp}. */
  readonly conv2d: Conv2dAttributes;
  /** See {@linkcode convTranspose2dOp}. */
  readonly convTranspose2d: ConvTranspose2dAttributes;
  /** See {@linkcode cumsumOp}. */
  readonly cumsum: CumsumAttributes;
  /** See {@linkcode gatherOp}. */
  readonly gather: GatherAttributes;
  /** See {@linkcode gegluOp}. */
  readonly geglu: GegluAttributes;
  /** See {@linkcode groupNormOp}. */
  readonly groupNorm: GroupNormAttributes;
  /** See {@linkcode layerNormOp}. */
  readonly layerNorm: LayerNormAttributes;
  /** See {@linkcode linearOp}. */
  readonly linear: LinearAttributes;
  /** See {@linkcode matmulOp}. */
  readonly matmul: MatmulAttributes;
  /** See {@linkcode nearestCodeOp}. */
  readonly nearestCode: NearestCodeAttributes;
  /** See {@linkcode padOp}. */
  readonly pad: PadAttributes;
  /** See {@linkcode permuteOp}. */
  readonly permute: PermuteAttributes;
  /** See {@linkcode quantileOp}. */
  readonly quantile: QuantileAttributes;
  /** See {@linkcode reduceOp}. */
  readonly reduce: ReduceAttributes;
  /** See {@linkcode reshapeOp}. */
  readonly reshape: ReshapeAttributes;
  /** See {@linkcode resizeBilinearOp}. */
  readonly resizeBilinear: ResizeBilinearAttributes;
  /** See {@linkcode resizeNearestOp}. */
  readonly resizeNearest: ResizeNearestAttributes;
  /** See {@linkcode sliceOp}. */
  readonly slice: SliceAttributes;
  /** See {@linkcode softmaxOp}. */
  readonly softmax: SoftmaxAttributes;
  /** See {@linkcode timestepEmbeddingOp}. */
  readonly timestepEmbedding: TimestepEmbeddingAttributes;
  /** See {@linkcode unaryOp}. */
  readonly unary: UnaryAttributes;
  /** See {@linkcode upsampleNearestOp}. */
  readonly upsampleNearest: UpsampleNearestAttributes;
  /** See {@linkcode whereOp}. */
  readonly where: WhereAttributes;
}

/** Names of all ops. */
export type OpName = keyof OpAttributes;

/** Every op by its name. */
export const ops: { readonly [Op in OpName]: OpDefinition<Op> } = {
  attention: attentionOp,
  avgPool2d: avgPool2dOp,
  binary: binaryOp,
  cast: castOp,
  clamp: clampOp,
  compare: compareOp,
  concat: concatOp,
  constant: constantOp,
  conv2d: conv2dOp,
  convTranspose2d: convTranspose2dOp,
  cumsum: cumsumOp,
  gather: gatherOp,
  geglu: gegluOp,
  groupNorm: groupNormOp,
  layerNorm: layerNormOp,
  linear: linearOp,
  matmul: matmulOp,
  nearestCode: nearestCodeOp,
  pad: padOp,
  permute: permuteOp,
  quantile: quantileOp,
  reduce: reduceOp,
  reshape: reshapeOp,
  resizeBilinear: resizeBilinearOp,
  resizeNearest: resizeNearestOp,
  slice: sliceOp,
  softmax: softmaxOp,
  timestepEmbedding: timestepEmbeddingOp,
  unary: unaryOp,
  upsampleNearest: upsampleNearestOp,
  where: whereOp,
};

export * from "./attention.ts";
export * from "./avg_pool2d.ts";
export * from "./binary.ts";
export * from "./cast.ts";
export * from "./clamp.ts";
export * from "./compare.ts";
export * from "./concat.ts";
export * from "./constant.ts";
export * from "./conv2d.ts";
export * from "./conv_transpose2d.ts";
export * from "./cumsum.ts";
export * from "./gather.ts";
export * from "./geglu.ts";
export * from "./group_norm.ts";
export * from "./layer_norm.ts";
export * from "./linear.ts";
export * from "./matmul.ts";
export * from "./nearest_code.ts";
export * from "./pad.ts";
export * from "./permute.ts";
export * from "./quantile.ts";
export * from "./reduce.ts";
export * from "./reshape.ts";
export * from "./resize_bilinear.ts";
export * from "./resize_nearest.ts";
export * from "./slice.ts";
export * from "./softmax.ts";
export * from "./timestep_embedding.ts";
export * from "./unary.ts";
export * from "./upsample_nearest.ts";
export * from "./where.ts";
