/**
 * What decides a `UNet2DConditionModel`.
 *
 * @module
 */
import type { ContextNorm } from "./attention.ts";
import type { Activation } from "./layers.ts";

/** Kinds of levels on the way down. */
export const DOWN_BLOCKS = [
  "CrossAttnDownBlock2D",
  "DownBlock2D",
  "AttnDownBlock2D",
  "ResnetDownsampleBlock2D",
  "SimpleCrossAttnDownBlock2D",
  "KDownBlock2D",
  "KCrossAttnDownBlock2D",
] as const;
/** Kinds of levels on the way up. */
export const UP_BLOCKS = [
  "CrossAttnUpBlock2D",
  "UpBlock2D",
  "AttnUpBlock2D",
  "ResnetUpsampleBlock2D",
  "SimpleCrossAttnUpBlock2D",
  "KUpBlock2D",
  "KCrossAttnUpBlock2D",
] as const;
/** Kinds of levels in the middle. */
export const MID_BLOCKS = [
  "UNetMidBlock2DCrossAttn",
  "UNetMidBlock2D",
  "UNetMidBlock2DSimpleCrossAttn",
] as const;

/** A kind of level, on either way. */
export type LevelKind = typeof DOWN_BLOCKS[number] | typeof UP_BLOCKS[number];

/** What stands behind the residual blocks of a kind of level. */
export type LevelFamily =
  | "plain"
  | "transformer"
  | "self"
  | "added"
  | "resnet"
  | "k"
  | "k_attention";

/** What a kind of level is made of, the same on both ways. */
export function familyOf(kind: LevelKind): LevelFamily {
  switch (kind) {
    case "DownBlock2D":
    case "UpBlock2D":
      return "plain";
    case "CrossAttnDownBlock2D":
    case "CrossAttnUpBlock2D":
      return "transformer";
    case "AttnDownBlock2D":
    case "AttnUpBlock2D":
      return "self";
    case "SimpleCrossAttnDownBlock2D":
    case "SimpleCrossAttnUpBlock2D":
      return "added";
    case "ResnetDownsampleBlock2D":
    case "ResnetUpsampleBlock2D":
      return "resnet";
    case "KDownBlock2D":
    case "KUpBlock2D":
      return "k";
    case "KCrossAttnDownBlock2D":
    case "KCrossAttnUpBlock2D":
      return "k_attention";
  }
}

/** How the class label enters: looked up, as a second timestep, as it is, or projected by two layers or one. */
export type ClassEmbedding =
  | { readonly kind: "lookup"; readonly count: number }
  | { readonly kind: "timestep" }
  | { readonly kind: "identity" }
  | { readonly kind: "projection" | "simple_projection"; readonly width: number };

/** What is added to the time embedding beside the class. */
export type AdditionEmbedding =
  /** The text, pooled by attention with so many heads (DeepFloyd IF). */
  | { readonly kind: "text"; readonly heads: number; readonly width: number }
  /** Pooled text and six sizes (Stable Diffusion XL); `width` is that of all of them together. */
  | { readonly kind: "text_time"; readonly timeWidth: number; readonly width: number }
  /** Embeddings of a text and of an image (Kandinsky 2.1). */
  | { readonly kind: "text_image"; readonly width: number }
  /** The embedding of an image (Kandinsky 2.2), and with `image_hint` a picture that joins the sample. */
  | { readonly kind: "image" | "image_hint"; readonly width: number };

/** What the network attends to. */
export type ContextSource =
  /** The text tokens as they are. */
  | { readonly kind: "text" }
  /** The text tokens of this width, projected. */
  | { readonly kind: "text_proj"; readonly width: number }
  /** Ten words made of an image's embedding, as wide as the context, then the projected text (Kandinsky 2.1). */
  | { readonly kind: "text_image_proj"; readonly width: number }
  /** 32 words made of an image's embedding of this width, and no text (Kandinsky 2.2). */
  | { readonly kind: "image_proj"; readonly width: number };

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
  /**
   * Width of a head where attention has no transformer around it. The reference reads this list from the front on the
   * way up too, while it turns all others around.
   */
  readonly headDim: { readonly down: number; readonly up: number };
  /** Transformer blocks after each residual block, down and up. */
  readonly transformers: { readonly down: readonly number[]; readonly up: readonly number[] };
  /** All its attention goes to the text. */
  readonly onlyCrossAttention: boolean;
}

/** The level between the ways. */
export interface UNetMiddle {
  /** What it is made of. */
  readonly kind: typeof MID_BLOCKS[number];
  /** Transformer blocks. */
  readonly transformers: number;
  /** Divides the sums of its residual blocks. */
  readonly outputScale: number;
  /** Its attention goes to the text only (`UNetMidBlock2DSimpleCrossAttn`). */
  readonly onlyCrossAttention: boolean;
}

/** How the timestep is embedded. */
export interface TimeEmbedding {
  /** Fixed sinusoids, or random ones that the checkpoint holds. */
  readonly kind: "positional" | "fourier";
  /** Width of the embedding. */
  readonly width: number;
  /** Cosines first. */
  readonly flipSinToCos: boolean;
  /** See `timestepEmbedding`. */
  readonly freqShift: number;
  /** Behind the two layers. */
  readonly postActivation: Activation | null;
  /** After all embeddings are added. */
  readonly activation: Activation | null;
  /** Width of a further condition on the timestep, if the network takes one. */
  readonly conditionWidth: number | null;
}

/** Everything that decides the network. Sizes are in latent pixels and channels. */
export interface UNet2DConditionConfig {
  /** Channels that the first convolution takes. */
  readonly inChannels: number;
  /** Channels of the prediction. */
  readonly outChannels: number;
  /** From the full resolution downwards. */
  readonly levels: readonly UNetLevel[];
  /** The level between the ways; null if they follow each other. */
  readonly mid: UNetMiddle | null;
  /** Activation function of residual blocks and of the embedding of timesteps. */
  readonly activation: Activation;
  /** Groups of every normalisation; null (K levels only) leaves out the one before the last convolution. */
  readonly groups: number | null;
  /** Added to the variance in residual blocks and before the last convolution. */
  readonly epsilon: number;
  /** Of the convolutions that halve; 0 means one row below and one column right. */
  readonly downsamplePadding: number;
  /** Maps an input of 0..1 to -1..1 first. */
  readonly centerInput: boolean;
  /** Side of the first convolution's window. */
  readonly convInKernel: number;
  /** Side of the last convolution's window. */
  readonly convOutKernel: number;
  /** Transformers project tokens instead of images. */
  readonly linearProjection: boolean;
  /** Transformers in pairs, for two contexts one behind the other. */
  readonly dualCrossAttention: boolean;
  /** Normalisation of the text in levels with added attention. */
  readonly contextNorm: ContextNorm | null;
  /** How the timestep is embedded. */
  readonly time: TimeEmbedding;
  /** Settings of residual blocks. */
  readonly resnet: {
    /** How the time embedding enters. */
    readonly timeScaleShift: "default" | "scale_shift";
    /** In levels with added attention and those that residual blocks resample. */
    readonly skipTimeActivation: boolean;
    /** In the same. */
    readonly outputScale: number;
  };
  /** How the class label is embedded, if there is one. */
  readonly classes: ClassEmbedding | null;
  /** The class embedding is joined to the time embedding instead of added. */
  readonly classesConcat: boolean;
  /** What else is added to the time embedding. */
  readonly addition: AdditionEmbedding | null;
  /** Where the context comes from. */
  readonly context: ContextSource;
  /** Width of what the network attends to. */
  readonly contextWidth: number;
  /** Whether anything attends to it. */
  readonly attendsToContext: boolean;
}
