/**
 * The denoiser of text-to-image models: diffusers' `UNet2DConditionModel`.
 *
 * @module
 */
import {
  add,
  concat,
  embedding as lookUp,
  mul,
  reshape,
  sub,
  timestepEmbedding,
} from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
import { f32, i32, type TensorSpec } from "../graph/tensor_spec.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { fourierFeatures, timeMlp } from "./embeddings.ts";
import { activate, type Activation, conv2d, groupNorm, linear } from "./layers.ts";
import type { ResnetConfig } from "./resnet.ts";
import {
  downBlock,
  type LevelAttention,
  type LevelConfig,
  type LevelInputs,
  midBlock,
  upBlock,
} from "./unet_2d_blocks.ts";

/** Kinds of levels on the way down. */
export const DOWN_BLOCKS = [
  "CrossAttnDownBlock2D",
  "DownBlock2D",
  "AttnDownBlock2D",
  "ResnetDownsampleBlock2D",
] as const;
/** Kinds of levels on the way up. */
export const UP_BLOCKS = [
  "CrossAttnUpBlock2D",
  "UpBlock2D",
  "AttnUpBlock2D",
  "ResnetUpsampleBlock2D",
] as const;
/** Kinds of levels in the middle. */
export const MID_BLOCKS = ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"] as const;

/** How the class label enters: looked up, as a second timestep, as it is, or projected by two layers or one. */
export type ClassEmbedding =
  | { readonly kind: "lookup"; readonly count: number }
  | { readonly kind: "timestep" }
  | { readonly kind: "identity" }
  | { readonly kind: "projection" | "simple_projection"; readonly width: number };

/** One level, as the configuration gives it. */
export interface UNetLevel {
  /** Kind on the way down. */
  readonly down: typeof DOWN_BLOCKS[number];
  /** Kind at the same depth on the way up. */
  readonly up: typeof UP_BLOCKS[number];
  /** Channels. */
  readonly channels: number;
  /** Residual blocks on the way down. */
  readonly layers: number;
  /** Attention heads of its transformers. The configuration's `attention_head_dim` really is this number. */
  readonly heads: number;
  /** Width of a head of its self-attention (Attn blocks). */
  readonly headDim: number;
  /** Width of the text tokens. */
  readonly contextWidth: number;
  /** Transformer blocks after each residual block, down and up. */
  readonly transformers: { readonly down: readonly number[]; readonly up: readonly number[] };
  /** All its attention goes to the text. */
  readonly onlyCrossAttention: boolean;
}

/** Everything that decides the network. Sizes are in latent pixels and channels. */
export interface UNet2DConditionConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** From the full resolution downwards. */
  readonly levels: readonly UNetLevel[];
  readonly mid: {
    readonly kind: typeof MID_BLOCKS[number];
    readonly layers: number;
    readonly transformers: number;
    readonly outputScale: number;
    readonly onlyCrossAttention: boolean;
  } | null;
  readonly activation: Activation;
  /** Groups of every normalisation; null leaves out the one before the last convolution, and takes 32 elsewhere. */
  readonly groups: number | null;
  readonly epsilon: number;
  readonly downsamplePadding: number;
  /** Maps an input of 0..1 to -1..1 first. */
  readonly centerInput: boolean;
  readonly convInKernel: number;
  readonly convOutKernel: number;
  readonly linearProjection: boolean;
  readonly time: {
    readonly kind: "positional" | "fourier";
    readonly width: number;
    readonly flipSinToCos: boolean;
    readonly freqShift: number;
    readonly postActivation: Activation | null;
    /** After all embeddings are added. */
    readonly activation: Activation | null;
    /** Width of a further condition on the timestep, if the network takes one. */
    readonly conditionWidth: number | null;
  };
  readonly resnet: {
    readonly timeScaleShift: "default" | "scale_shift";
    readonly skipTimeActivation: boolean;
    readonly outputScale: number;
  };
  readonly classes: ClassEmbedding | null;
  /** The class embedding is joined to the time embedding instead of added. */
  readonly classesConcat: boolean;
  /** Pooled text and six sizes, as in Stable Diffusion XL. */
  readonly addition:
    | { readonly kind: "text_time"; readonly timeWidth: number; readonly width: number }
    | null;
  /** Width of the text tokens before their projection, if there is one. */
  readonly textProjection: number | null;
}

/** Sizes of one trace. */
export interface UNetSizes {
  /** Pictures at once. */
  readonly batch: number;
  /** Height in latent pixels. */
  readonly height: number;
  /** Width in latent pixels. */
  readonly width: number;
  /** Text tokens. */
  readonly tokens: number;
  /** 1: one timestep for all pictures. The batch unless said otherwise. */
  readonly timesteps?: number;
}

/** The network's inputs, by diffusers' names. */
export function unet2dConditionInputs(
  config: UNet2DConditionConfig,
  sizes: UNetSizes,
): Record<string, TensorSpec> {
  const { batch, height, width, tokens, timesteps = batch } = sizes;
  const { classes, addition, time } = config;
  const inputs: Record<string, TensorSpec> = {
    sample: f32(batch, config.inChannels, height, width),
    timestep: f32(timesteps),
    encoder_hidden_states: f32(
      batch,
      tokens,
      config.textProjection ?? config.levels.at(-1)!.contextWidth,
    ),
  };
  if (classes !== null) {
    inputs.class_labels = classes.kind === "lookup"
      ? i32(batch)
      : classes.kind === "timestep"
      ? f32(batch)
      : f32(batch, classes.kind === "identity" ? time.width : classes.width);
  }
  if (time.conditionWidth !== null) inputs.timestep_cond = f32(batch, time.conditionWidth);
  if (addition !== null) {
    // Six sizes, each embedded in timeWidth numbers, stand behind the pooled text.
    inputs.text_embeds = f32(batch, addition.width - 6 * addition.timeWidth);
    inputs.time_ids = f32(batch, 6);
  }
  return inputs;
}

function requireInput(inputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = inputs[name];
  if (tensor === undefined) throw new ShapeError("trace the U-Net", `its input ${name} is missing`);
  return tensor;
}

/** Everything about the picture as a whole: timestep, class, sizes: `[n or 1, d]`. */
function embedConditions(
  config: UNet2DConditionConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor {
  const { time, classes, addition, activation } = config;
  const dim = time.kind === "fourier" ? time.width : config.levels[0]!.channels;
  const sinusoids = (timesteps: Tensor, width: number) =>
    timestepEmbedding(timesteps, {
      dim: width,
      flipSinToCos: time.flipSinToCos,
      freqShift: time.freqShift,
    });
  const timestep = requireInput(inputs, "timestep");
  const projected = time.kind === "fourier"
    ? fourierFeatures(w.at("time_proj"), timestep, { dim, flipSinToCos: time.flipSinToCos })
    : w.at("time_proj").module(() => sinusoids(timestep, dim));
  let embedded = timeMlp(w.at("time_embedding"), projected, {
    out: time.width,
    activation,
    postActivation: time.postActivation ?? undefined,
    condition: time.conditionWidth === null ? undefined : requireInput(inputs, "timestep_cond"),
  });
  if (classes !== null) {
    const labels = requireInput(inputs, "class_labels");
    const w1 = w.at("class_embedding");
    const label = (() => {
      switch (classes.kind) {
        case "lookup":
          return w1.module(() =>
            lookUp(labels, { table: w1.tensor("weight", [classes.count, time.width]) })
          );
        case "timestep":
          return timeMlp(w1, sinusoids(labels, dim), { out: time.width, activation });
        case "identity":
          return labels;
        case "projection":
          return timeMlp(w1, labels, { out: time.width, activation: "silu" });
        case "simple_projection":
          return linear(w1, labels, { out: time.width });
      }
    })();
    embedded = config.classesConcat
      ? concat([widen(embedded, label.size(0)), label], { axis: 1 })
      : add(embedded, label);
  }
  if (addition !== null) {
    const sizes = requireInput(inputs, "time_ids"); // [n, 6]
    const text = requireInput(inputs, "text_embeds");
    const [n, count] = sizes.shape as [number, number];
    const flat = sinusoids(reshape(sizes, [n * count]), addition.timeWidth);
    const joined = concat([text, reshape(flat, [n, count * addition.timeWidth])], { axis: 1 });
    embedded = add(
      embedded,
      timeMlp(w.at("add_embedding"), joined, { out: time.width, activation: "silu" }),
    );
  }
  return time.activation === null ? embedded : activate(embedded, time.activation);
}

/** One row becomes n rows. */
function widen(x: Tensor, n: number): Tensor {
  return x.size(0) === n ? x : concat(Array<Tensor>(n).fill(x), { axis: 0 });
}

/**
 * Predicts noise (or what the model was trained to predict) from a noisy sample, a timestep and text.
 *
 * Ho et al. 2020, appendix B; Rombach et al. 2022, appendix E.2. Sizes need not halve evenly.
 *
 * @param config The network.
 * @param inputs As {@linkcode unet2dConditionInputs} lists them.
 * @param w The checkpoint, by diffusers' names.
 * @returns `[n, outChannels, height, width]`
 */
export function unet2dCondition(
  config: UNet2DConditionConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor {
  const groups = config.groups ?? 32;
  const { timeScaleShift } = config.resnet;
  const { epsilon, activation } = config;
  const resnet: ResnetConfig = { groups, epsilon, activation, timeScaleShift };
  let sample = requireInput(inputs, "sample");
  if (config.centerInput) sample = sub(mul(sample, 2), 1);
  const text = requireInput(inputs, "encoder_hidden_states");
  const context = config.textProjection === null
    ? text
    : linear(w.at("encoder_hid_proj"), text, { out: config.levels[0]!.contextWidth });
  const levelInputs: LevelInputs = { time: embedConditions(config, inputs, w), context };

  const level = (each: UNetLevel, way: "down" | "up"): LevelConfig => ({
    channels: each.channels,
    layers: each.layers,
    attention: levelAttention(config, each, way),
    // The reference gives the two other settings to these kinds of levels only.
    resnet: each[way].startsWith("Resnet") ? { ...resnet, ...config.resnet } : resnet,
  });
  const last = config.levels.length - 1;
  let h = conv2d(w.at("conv_in"), sample, {
    out: config.levels[0]!.channels,
    kernel: config.convInKernel,
  });
  const skips = [h];
  config.levels.forEach((each, at) => {
    h = downBlock(w.at(`down_blocks.${at}`), h, {
      level: level(each, "down"),
      inputs: levelInputs,
      downsample: at === last
        ? "none"
        : each.down === "ResnetDownsampleBlock2D"
        ? "resnet"
        : { padding: config.downsamplePadding },
      skips,
    });
  });
  if (config.mid !== null) {
    const deepest = config.levels[last]!;
    const { layers, outputScale, transformers, onlyCrossAttention } = config.mid;
    h = midBlock(w.at("mid_block"), h, {
      level: {
        channels: deepest.channels,
        layers,
        resnet: { ...resnet, outputScale },
        attention: config.mid.kind === "UNetMidBlock2D" ? { kind: "none" } : {
          kind: "transformer",
          heads: deepest.heads,
          layers: Array<number>(layers).fill(transformers),
          linearProjection: config.linearProjection,
          onlyCrossAttention,
        },
      },
      inputs: levelInputs,
    });
  }
  config.levels.toReversed().forEach((each, at) => {
    h = upBlock(w.at(`up_blocks.${at}`), h, {
      level: level(each, "up"),
      inputs: levelInputs,
      upsample: at === last ? "none" : each.up === "ResnetUpsampleBlock2D" ? "resnet" : "conv",
      skips,
    });
  });
  if (config.groups !== null) {
    h = groupNorm(w.at("conv_norm_out"), h, { groups, epsilon: config.epsilon });
    h = activate(h, config.activation);
  }
  return conv2d(w.at("conv_out"), h, { out: config.outChannels, kernel: config.convOutKernel });
}

function levelAttention(
  config: UNet2DConditionConfig,
  level: UNetLevel,
  way: "down" | "up",
): LevelAttention {
  switch (level[way]) {
    case "CrossAttnDownBlock2D":
    case "CrossAttnUpBlock2D":
      return {
        kind: "transformer",
        heads: level.heads,
        layers: level.transformers[way],
        linearProjection: config.linearProjection,
        onlyCrossAttention: level.onlyCrossAttention,
      };
    case "AttnDownBlock2D":
    case "AttnUpBlock2D":
      return { kind: "self", heads: level.channels / level.headDim };
    case "DownBlock2D":
    case "UpBlock2D":
    case "ResnetDownsampleBlock2D":
    case "ResnetUpsampleBlock2D":
      return { kind: "none" };
  }
}
