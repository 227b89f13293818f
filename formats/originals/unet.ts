/**
 * The U-Net of CompVis' and OpenAI's checkpoints, and what its weights show of it.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";
import type { WeightSource } from "../weight_source.ts";

/** One level of an original U-Net. */
export interface OriginalLevel {
  /** Channels. */
  readonly channels: number;
  /** Whether attention follows each residual block. */
  readonly attends: boolean;
  /** Transformer blocks in a row, where attention is a transformer. */
  readonly depth: number;
  /** The first attention too goes to the context (`disable_self_attentions`). */
  readonly crossOnly: boolean;
}

/** What follows the residual blocks of the levels that attend. */
export type OriginalAttention =
  /** Self-attention with one fused projection: `AttentionBlock`. */
  | { readonly kind: "self" }
  /** `SpatialTransformer` */
  | {
    readonly kind: "transformer";
    readonly contextWidth: number;
    /** Projections are linear layers (`use_linear_in_transformer`). */
    readonly linear: boolean;
  };

/** A U-Net as its weights show it. How many heads attention has is not visible. */
export interface OriginalUNet {
  /** Channels that the first convolution takes. */
  readonly inChannels: number;
  /** Channels of the prediction. */
  readonly outChannels: number;
  /** Width of the sinusoids: `model_channels`. */
  readonly modelChannels: number;
  /** Residual blocks a level on the way down. */
  readonly layers: number;
  /** From the full resolution downwards. */
  readonly levels: readonly OriginalLevel[];
  /** What halves and doubles: convolutions, or residual blocks (`resblock_updown`). */
  readonly resampling: "convolution" | "resnet";
  /** The time embedding is a scale and a shift (`use_scale_shift_norm`). */
  readonly scaleShift: boolean;
  /** What follows the residual blocks of levels that attend, and of the middle. */
  readonly attention: OriginalAttention;
  /** Transformer blocks in the middle. */
  readonly middleDepth: number;
  /** Rows of the table of classes; null if there is none. */
  readonly classes: number | null;
  /** What the layers behind the sinusoids are called: `time_embed`, or `cond_embed` in Palette. */
  readonly timeLayers: "time_embed" | "cond_embed";
}

/** More blocks than any U-Net has; a file may claim what it likes. */
const MOST_BLOCKS = 512;

/**
 * Reads a U-Net's layout from names and shapes.
 *
 * @param source A checkpoint.
 * @param prefix What the U-Net's names begin with: `model.diffusion_model.`
 * @throws {ModelError} If the weights are not those of such a U-Net.
 */
export function readOriginalUNet(source: WeightSource, prefix: string): OriginalUNet {
  const shape = (name: string) => source.tensors.get(prefix + name)?.shape;
  const has = (name: string) => shape(name) !== undefined;
  const fail = (problem: string) =>
    new ModelError(`Cannot use the U-Net in ${source.description}: ${problem}`);
  const size = (name: string, axis: number): number => {
    const found = shape(name)?.[axis];
    if (found !== undefined && found > 0) return found;
    throw fail(`${prefix}${name} is missing or of no size`);
  };

  const outputs = countBlocks((at) => has(`output_blocks.${at}.0.in_layers.0.weight`));
  const resampler = (at: number): "convolution" | "resnet" | undefined => {
    for (const position of [1, 2]) {
      if (has(`output_blocks.${at}.${position}.conv.weight`)) return "convolution";
      if (has(`output_blocks.${at}.${position}.in_layers.0.weight`)) return "resnet";
    }
    return undefined;
  };
  // The last block of each level but the last on the way up ends with what doubles the image.
  const ends = Array.from({ length: outputs }, (_, at) => at).filter((at) => resampler(at));
  const perLevel = ends.length === 0 ? outputs : ends[0]! + 1;
  const count = ends.length + 1;
  if (outputs === 0 || perLevel < 2) throw fail("it has no levels that could be told apart");
  if (outputs !== count * perLevel || ends.some((at, level) => at !== (level + 1) * perLevel - 1)) {
    throw fail("its levels have different numbers of residual blocks, which is not supported");
  }
  const timeLayers = has("cond_embed.0.weight") ? "cond_embed" : "time_embed";
  const attention = readAttention({ shape, has });
  const levels = Array.from({ length: count }, (_, at): OriginalLevel => {
    const first = `input_blocks.${1 + at * perLevel}`;
    const blocks = `${first}.1.transformer_blocks`;
    const contextWidth = attention.kind === "transformer" ? attention.contextWidth : 0;
    const channels = size(`${first}.0.out_layers.3.weight`, 0);
    const keys = shape(`${blocks}.0.attn1.to_k.weight`)?.[1];
    return {
      channels,
      attends: has(`${first}.1.norm.weight`),
      depth: countBlocks((block) => has(`${blocks}.${block}.norm1.weight`)),
      // Where the context is as wide as the level, weights do not tell; self-attention is usual.
      crossOnly: keys !== undefined && keys !== channels && keys === contextWidth,
    };
  });
  return {
    inChannels: size("input_blocks.0.0.weight", 1),
    outChannels: size("out.2.weight", 0),
    modelChannels: size(`${timeLayers}.0.weight`, 1),
    layers: perLevel - 1,
    levels,
    resampling: ends.length === 0 ? "convolution" : resampler(ends[0]!)!,
    scaleShift: size("input_blocks.1.0.emb_layers.1.weight", 0) === 2 * levels[0]!.channels,
    attention,
    middleDepth: countBlocks((block) =>
      has(`middle_block.1.transformer_blocks.${block}.norm1.weight`)
    ),
    classes: shape("label_emb.weight")?.[0] ?? null,
    timeLayers,
  };
}

function countBlocks(has: (at: number) => boolean): number {
  let count = 0;
  while (count < MOST_BLOCKS && has(count)) count++;
  return count;
}

/** The middle always attends, with the same kind of attention as the levels. */
function readAttention(
  { shape, has }: {
    readonly shape: (name: string) => readonly number[] | undefined;
    readonly has: (name: string) => boolean;
  },
): OriginalAttention {
  if (has("middle_block.1.qkv.weight")) return { kind: "self" };
  const keys = shape("middle_block.1.transformer_blocks.0.attn2.to_k.weight");
  return {
    kind: "transformer",
    contextWidth: keys?.[1] ?? 0,
    linear: shape("middle_block.1.proj_in.weight")?.length === 2,
  };
}
