/**
 * The first stage of latent diffusion checkpoints, and what its weights show of it.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import { ModelError } from "../model_error.ts";
import type { NetworkConfig } from "./unet_config.ts";
import type { WeightSource } from "../weight_source.ts";

/** One level of a first stage. */
export interface OriginalStageLevel {
  /** Channels. */
  readonly channels: number;
  /** Self-attention after each residual block of the encoder, of the decoder. */
  readonly attends: { readonly down: boolean; readonly up: boolean };
}

/** A first stage as its weights show it. */
export interface OriginalFirstStage {
  /** Channels of the picture. */
  readonly inChannels: number;
  /** Channels of the decoded picture. */
  readonly outChannels: number;
  /** Channels that the decoder takes: `z_channels`. */
  readonly latentChannels: number;
  /** Channels of the latents: `embed_dim`. */
  readonly embedWidth: number;
  /** Residual blocks a level of the encoder; one more in the decoder. */
  readonly layers: number;
  /** From the full resolution downwards. */
  readonly levels: readonly OriginalStageLevel[];
  /** Self-attention in the middle: not with `attn_type: none`. */
  readonly midAttention: boolean;
  /** Rows of the code book; null for a Gaussian posterior. */
  readonly codes: number | null;
}

/** More levels than a picture can be halved, more blocks than any level has. */
const MOST = 64;

/**
 * Reads a first stage's layout from names and shapes.
 *
 * @param prefix What its names begin with: `first_stage_model.`, or nothing in a file of its own.
 * @throws {ModelError} If the weights are not those of such a first stage.
 */
export function readOriginalFirstStage(source: WeightSource, prefix: string): OriginalFirstStage {
  const shape = (name: string) => source.tensors.get(prefix + name)?.shape;
  const has = (name: string) => shape(name) !== undefined;
  const size = (name: string, axis: number): number => {
    const found = shape(name)?.[axis];
    if (found !== undefined && found > 0) return found;
    throw new ModelError(
      `Cannot use the first stage in ${source.description}: ${prefix}${name} is missing or of no size`,
    );
  };
  const count = (name: (at: number) => string): number => {
    let found = 0;
    while (found < MOST && has(name(found))) found++;
    return found;
  };
  const depth = count((at) => `encoder.down.${at}.block.0.norm1.weight`);
  return {
    inChannels: size("encoder.conv_in.weight", 1),
    outChannels: size("decoder.conv_out.weight", 0),
    latentChannels: size("decoder.conv_in.weight", 1),
    embedWidth: size("post_quant_conv.weight", 1),
    layers: count((at) => `encoder.down.0.block.${at}.norm1.weight`),
    levels: Array.from({ length: depth }, (_, at) => ({
      channels: size(`encoder.down.${at}.block.0.conv1.weight`, 0),
      attends: {
        down: has(`encoder.down.${at}.attn.0.norm.weight`),
        up: has(`decoder.up.${at}.attn.0.norm.weight`),
      },
    })),
    midAttention: has("encoder.mid.attn_1.norm.weight"),
    codes: shape("quantize.embedding.weight")?.[0] ?? null,
  };
}

/** What weights do not show. */
export interface FirstStageOptions {
  /** Denoisers see latents times this. */
  readonly scalingFactor: number;
  /** Side in pixels that the model was trained for. */
  readonly sampleSize: number;
}

/**
 * diffusers' configuration: `AutoencoderKL`, or `VQModel` with a code book.
 *
 * @throws {ModelError} If diffusers has no such network.
 */
export function firstStageConfig(
  stage: OriginalFirstStage,
  { scalingFactor, sampleSize }: FirstStageOptions,
): NetworkConfig {
  const { levels, latentChannels, embedWidth, codes } = stage;
  const config: JsonObject = {
    in_channels: stage.inChannels,
    out_channels: stage.outChannels,
    down_block_types: levels.map(({ attends: { down } }) =>
      down ? "AttnDownEncoderBlock2D" : "DownEncoderBlock2D"
    ),
    up_block_types: levels.map(({ attends: { up } }) =>
      up ? "AttnUpDecoderBlock2D" : "UpDecoderBlock2D"
    ).toReversed(),
    block_out_channels: levels.map(({ channels }) => channels),
    layers_per_block: stage.layers,
    act_fn: "silu",
    latent_channels: latentChannels,
    norm_num_groups: 32,
    sample_size: sampleSize,
    scaling_factor: scalingFactor,
    mid_block_add_attention: stage.midAttention,
  };
  if (codes !== null) {
    return {
      className: "VQModel",
      config: { ...config, num_vq_embeddings: codes, vq_embed_dim: embedWidth },
    };
  }
  if (embedWidth !== latentChannels) {
    throw new ModelError(
      `Cannot use this first stage: its latents have ${embedWidth} channels and its decoder takes ${latentChannels}, ` +
        "which is supported for code books only",
    );
  }
  return { className: "AutoencoderKL", config };
}
