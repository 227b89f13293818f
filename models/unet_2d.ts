/**
 * The denoiser of models that are told a timestep and perhaps a class, but no text: diffusers' `UNet2DModel`.
 *
 * @module
 */
import { add, div, mul, reshape, sub } from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
import { describe, f32, i32, sameShape, type TensorSpec } from "../graph/tensor_spec.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { type KBlockOptions, kDownBlock, kUpBlock } from "./k_blocks.ts";
import { activate, conv2d, groupNorm } from "./layers.ts";
import { requireChannels } from "./require_channels.ts";
import type { ResnetConfig } from "./resnet.ts";
import { type SkipBlockOptions, skipDownBlock, skipUpBlock } from "./skip_blocks.ts";
import {
  downBlock,
  type LevelAttention,
  type LevelConfig,
  midBlock,
  upBlock,
} from "./unet_2d_blocks.ts";
import { requireInput } from "./unet_2d_condition_inputs.ts";
import { unet2dBlockParts, type UNet2DConfig, unet2dGroups } from "./unet_2d_config.ts";
import { embedTimeAndClass } from "./unet_2d_embeddings.ts";

/** Sizes of one trace. */
export interface UNet2DSizes {
  /** Pictures at once. */
  readonly batch: number;
  /** Height of the sample. */
  readonly height: number;
  /** Width of the sample. */
  readonly width: number;
  /** 1: one timestep for all pictures. The batch unless said otherwise. */
  readonly timesteps?: number;
}

/** The network's inputs, by diffusers' names. */
export function unet2dInputs(
  config: UNet2DConfig,
  sizes: UNet2DSizes,
): Record<string, TensorSpec> {
  const { batch, height, width, timesteps = batch } = sizes;
  const { classes, inChannels, timeWidth } = config;
  const inputs: Record<string, TensorSpec> = {
    sample: f32(batch, inChannels, height, width),
    timestep: f32(timesteps),
  };
  switch (classes?.kind) {
    case undefined:
      break;
    case "lookup":
      inputs.class_labels = i32(batch);
      break;
    case "timestep":
      inputs.class_labels = f32(batch);
      break;
    case "identity":
      inputs.class_labels = f32(batch, timeWidth);
      break;
  }
  return inputs;
}

/**
 * Predicts noise (or what the model was trained to predict) from a noisy sample and a timestep.
 *
 * Ho et al. 2020, appendix B; Dhariwal & Nichol 2021; Song et al. 2021, appendix H; Rombach et al. 2022, appendix E.2.
 * Convolutions that double reach any size; with residual blocks or filters in their place, sizes have to halve evenly.
 *
 * @param config The network.
 * @param inputs As {@linkcode unet2dInputs} lists them. With learned embeddings a fraction of a timestep is cut off.
 * @param w The checkpoint, by diffusers' names.
 * @returns `[n, outChannels, height, width]`
 * @throws {ShapeError} If an input is missing or does not fit.
 */
export function unet2d(
  config: UNet2DConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor {
  const timestep = requireInput(inputs, "timestep");
  const last = config.levels.length - 1;
  const first = config.levels[0]!.channels;
  let sample = requireInput(inputs, "sample");
  requireChannels(sample, { action: "denoise", channels: config.inChannels });
  if (config.centerInput) sample = sub(mul(sample, 2), 1);
  let state: State = { h: conv2d(w.at("conv_in"), sample, { out: first }), picture: sample };
  const time = embedTimeAndClass(config, inputs, w);
  const parts: NetworkParts = { config, time, skips: [state.h] };
  for (let at = 0; at <= last; at++) {
    state = down(w.at(`down_blocks.${at}`), state, { ...parts, at });
  }
  state = { h: middle(w.at("mid_block"), state.h, parts), picture: undefined };
  for (let at = last; at >= 0; at--) {
    state = up(w.at(`up_blocks.${last - at}`), state, { ...parts, at });
  }
  const norm = { groups: unet2dGroups(config, first), epsilon: config.epsilon };
  const h = activate(groupNorm(w.at("conv_norm_out"), state.h, norm), "silu");
  const predicted = conv2d(w.at("conv_out"), h, { out: config.outChannels });
  const summed = state.picture === undefined ? predicted : addPicture(predicted, state.picture);
  // Such networks are told noise levels as timesteps, and predict a score.
  return config.time.kind === "fourier"
    ? div(summed, reshape(timestep, [timestep.size(0), 1, 1, 1]))
    : summed;
}

/** What all levels are built from; `skips` is what the way down has left and the way up not yet taken. */
interface NetworkParts {
  readonly config: UNet2DConfig;
  readonly time: Tensor;
  readonly skips: (Tensor | null)[];
}

/** A level by its depth. */
type LevelParts = NetworkParts & { readonly at: number };

/** What passes from level to level: the features, and the second picture of skip levels. */
interface State {
  readonly h: Tensor;
  readonly picture: Tensor | undefined;
}

/** The prediction plus what the levels have predicted on their way up. */
function addPicture(predicted: Tensor, picture: Tensor): Tensor {
  if (!sameShape(predicted.shape, picture.shape)) {
    throw new ShapeError(
      `add the levels' picture ${describe(picture)} to the prediction ${describe(predicted)}`,
      "they must be of one shape: a skip level was followed by levels of other kinds",
    );
  }
  return add(predicted, picture);
}

function resnetConfig(config: UNet2DConfig, groups: number): ResnetConfig {
  const { epsilon, activation, timeScaleShift, skipTimeActivation } = config;
  return { groups, epsilon, activation, timeScaleShift, skipTimeActivation };
}

/** A level of the plain kinds. */
function levelConfig({ config, at }: LevelParts, way: "down" | "up"): LevelConfig {
  const { channels, heads, headDim, ...kinds } = config.levels[at]!;
  return {
    channels,
    layers: config.layers,
    attention: unet2dBlockParts(kinds[way]).attention
      ? { kind: "self", heads, headDim }
      : { kind: "none" },
    resnet: resnetConfig(config, unet2dGroups(config, channels)),
  };
}

function kOptions({ config, time, at }: LevelParts, resample: boolean): KBlockOptions {
  const { layers, activation, epsilon } = config;
  const { channels } = config.levels[at]!;
  return { channels, layers, activation, epsilon, time, attention: undefined, resample };
}

function skipOptions(
  { config, time, at }: LevelParts,
  options: { readonly attention: boolean; readonly resample: boolean },
): SkipBlockOptions {
  const { layers, activation, epsilon, timeScaleShift } = config;
  const { channels, heads, headDim } = config.levels[at]!;
  return {
    channels,
    layers,
    activation,
    epsilon,
    timeScaleShift,
    time,
    attention: options.attention ? { heads, headDim } : undefined,
    resample: options.resample,
  };
}

function down(w: Weights, { h, picture }: State, parts: LevelParts): State {
  const { config, time, skips, at } = parts;
  const resample = at < config.levels.length - 1;
  const { family, attention } = unet2dBlockParts(config.levels[at]!.down);
  switch (family) {
    case "k": {
      const result = kDownBlock(w, h, kOptions(parts, resample));
      skips.push(...result.skips);
      return { h: result.h, picture };
    }
    case "skip": {
      if (picture === undefined) throw new ShapeError("halve the picture", "there is none");
      const options = { ...skipOptions(parts, { attention, resample }), picture };
      const result = skipDownBlock(w, h, options);
      skips.push(...result.skips);
      return result;
    }
    case "plain":
    case "resnet": {
      const byResnet = family === "resnet" || (attention && config.resample.down === "resnet");
      const downsample = !resample
        ? "none"
        : byResnet
        ? "resnet"
        : { padding: config.downsamplePadding };
      const level = levelConfig(parts, "down");
      return { h: downBlock(w, h, { level, inputs: { time }, downsample, skips }), picture };
    }
  }
}

function middle(w: Weights, x: Tensor, { config, time }: NetworkParts): Tensor {
  const { mid } = config;
  if (mid === null) return x;
  const { channels, heads, headDim } = config.levels.at(-1)!;
  const { outputScale, attentionGroups: groups } = mid;
  const attention: LevelAttention = mid.attention
    ? { kind: "self", heads, headDim, groups }
    : { kind: "none" };
  const resnet = { ...resnetConfig(config, unet2dGroups(config, channels)), outputScale };
  return midBlock(w, x, { level: { channels, layers: 1, attention, resnet }, inputs: { time } });
}

function up(w: Weights, { h, picture }: State, parts: LevelParts): State {
  const { config, time, skips, at } = parts;
  const resample = at > 0;
  const { family, attention } = unet2dBlockParts(config.levels[at]!.up);
  switch (family) {
    case "k": {
      // Of what the way down has left at this depth, this kind takes the last.
      const [skip = null] = skips.splice(-config.layers).reverse();
      const out = config.levels[Math.max(at - 1, 0)]!.channels;
      const options = { ...kOptions(parts, resample), skip, out, self: false };
      return { h: kUpBlock(w, h, options), picture };
    }
    case "skip": {
      const options = { ...skipOptions(parts, { attention, resample }), skips, picture };
      return skipUpBlock(w, h, options);
    }
    case "plain":
    case "resnet": {
      const byResnet = family === "resnet" || (attention && config.resample.up === "resnet");
      const upsample = !resample ? "none" : byResnet ? "resnet" : "conv";
      const level = levelConfig(parts, "up");
      return { h: upBlock(w, h, { level, inputs: { time }, upsample, skips }), picture };
    }
  }
}
