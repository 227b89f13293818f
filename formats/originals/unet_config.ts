/**
 * diffusers' configuration of an original U-Net.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { headCount, type Heads } from "./heads.ts";
import type { OriginalUNet } from "./unet.ts";

/** A network: its class in diffusers and its configuration. */
export interface NetworkConfig {
  /** `UNet2DConditionModel`, … */
  readonly className: string;
  /** As diffusers would save it. */
  readonly config: JsonObject;
}

/** What weights do not show. */
export interface UNetConfigOptions {
  /** Attention heads. */
  readonly heads: Heads;
  /** Side in latent pixels that the model was trained for. */
  readonly sampleSize: number;
  /** For each level, whether its attention goes to the context only, where a configuration says so. */
  readonly crossOnly?: readonly boolean[] | undefined;
}

/**
 * `UNet2DConditionModel` where attention is a transformer, else `UNet2DModel`.
 *
 * @throws {ModelError} If diffusers has no network of this layout, or the heads do not divide the channels.
 */
export function unetConfig(unet: OriginalUNet, options: UNetConfigOptions): NetworkConfig {
  const { levels, modelChannels } = unet;
  if (modelChannels !== levels[0]!.channels) {
    throw new ModelError(
      `Cannot use this U-Net: its time embedding is made for ${modelChannels} channels and its first level has ` +
        `${levels[0]!.channels}; a first channel_mult other than 1 is not supported`,
    );
  }
  return unet.attention.kind === "transformer"
    ? conditional(unet, { ...options, attention: unet.attention })
    : unconditional(unet, options);
}

function shared(unet: OriginalUNet, sampleSize: number): JsonObject {
  return {
    sample_size: sampleSize,
    in_channels: unet.inChannels,
    out_channels: unet.outChannels,
    block_out_channels: unet.levels.map(({ channels }) => channels),
    layers_per_block: unet.layers,
    act_fn: "silu",
    norm_num_groups: 32,
    norm_eps: 1e-5,
    flip_sin_to_cos: true,
    freq_shift: 0,
    downsample_padding: 1,
    resnet_time_scale_shift: unet.scaleShift ? "scale_shift" : "default",
    num_class_embeds: unet.classes,
  };
}

function conditional(
  unet: OriginalUNet,
  { heads, sampleSize, crossOnly, attention }: UNetConfigOptions & {
    readonly attention: { readonly contextWidth: number; readonly linear: boolean };
  },
): NetworkConfig {
  const { levels } = unet;
  if (unet.resampling === "resnet") {
    throw new ModelError(
      "Cannot use this U-Net: transformers together with resblock_updown are not supported",
    );
  }
  const kinds = (way: "Down" | "Up") =>
    levels.map(({ attends }) => `${attends ? "CrossAttn" : ""}${way}Block2D`);
  const depths = levels.map(({ attends, depth }) => attends ? depth : unet.middleDepth);
  return {
    className: "UNet2DConditionModel",
    config: {
      ...shared(unet, sampleSize),
      down_block_types: kinds("Down"),
      up_block_types: kinds("Up").toReversed(),
      mid_block_type: "UNetMidBlock2DCrossAttn",
      // Misnamed in diffusers: these are numbers of heads. A level that does not attend takes any.
      attention_head_dim: levels.map(({ channels, attends }, at) =>
        attends || at === levels.length - 1 ? headCount(heads, channels) : 1
      ),
      cross_attention_dim: attention.contextWidth,
      transformer_layers_per_block: depths,
      only_cross_attention: levels.map((level, at) => crossOnly?.[at] ?? level.crossOnly),
      use_linear_projection: attention.linear,
    },
  };
}

function unconditional(
  unet: OriginalUNet,
  { heads, sampleSize }: UNetConfigOptions,
): NetworkConfig {
  const { levels, resampling } = unet;
  const resnet = resampling === "resnet";
  const kinds = (way: "Down" | "Up") =>
    levels.map(({ attends }) =>
      attends ? `Attn${way}Block2D` : resnet ? `Resnet${way}sampleBlock2D` : `${way}Block2D`
    );
  // The middle always attends, on the deepest level's channels.
  const attending = levels.filter(({ attends }, at) => attends || at === levels.length - 1);
  const counts = attending.map(({ channels }) => headCount(heads, channels));
  const widths = attending.map(({ channels }, at) => channels / counts[at]!);
  const single = counts.every((count) => count === 1);
  const uniform = widths.every((width) => width === widths[0]);
  return {
    className: "UNet2DModel",
    config: {
      ...shared(unet, sampleSize),
      down_block_types: kinds("Down"),
      up_block_types: kinds("Up").toReversed(),
      downsample_type: resnet ? "resnet" : "conv",
      upsample_type: resnet ? "resnet" : "conv",
      // Without it diffusers leaves this normalisation out where the time embedding is a scale and a shift.
      attn_norm_num_groups: 32,
      // Null is one head. diffusers has no word for 8 heads on every level, which CompVis' larger networks have.
      attention_head_dim: single || !uniform ? null : widths[0]!,
      ...(single || uniform ? {} : { num_attention_heads: counts[0]! }),
    },
  };
}
