/**
 * What decides a `UNet2DModel`.
 *
 * @module
 */
import type { Activation } from "./layers.ts";

/** Kinds of levels on the way down. */
export const UNET_2D_DOWN_BLOCKS = [
  "DownBlock2D",
  "AttnDownBlock2D",
  "ResnetDownsampleBlock2D",
  "SkipDownBlock2D",
  "AttnSkipDownBlock2D",
  "KDownBlock2D",
] as const;
/** Kinds of levels on the way up. */
export const UNET_2D_UP_BLOCKS = [
  "UpBlock2D",
  "AttnUpBlock2D",
  "ResnetUpsampleBlock2D",
  "SkipUpBlock2D",
  "AttnSkipUpBlock2D",
  "KUpBlock2D",
] as const;

/** A kind of level on the way down. */
export type UNet2DDownBlock = typeof UNET_2D_DOWN_BLOCKS[number];
/** A kind of level on the way up. */
export type UNet2DUpBlock = typeof UNET_2D_UP_BLOCKS[number];

/** What a kind of level is made of. */
export interface UNet2DBlockParts {
  /** `plain` resamples by convolutions, `resnet` by residual blocks; see `skip_blocks.ts` and `k_blocks.ts` for the others. */
  readonly family: "plain" | "resnet" | "skip" | "k";
  /** Whether there is self-attention. */
  readonly attention: boolean;
}

/** What a kind of level is made of, the same on both ways. */
export function unet2dBlockParts(kind: UNet2DDownBlock | UNet2DUpBlock): UNet2DBlockParts {
  switch (kind) {
    case "DownBlock2D":
    case "UpBlock2D":
      return { family: "plain", attention: false };
    case "AttnDownBlock2D":
    case "AttnUpBlock2D":
      return { family: "plain", attention: true };
    case "ResnetDownsampleBlock2D":
    case "ResnetUpsampleBlock2D":
      return { family: "resnet", attention: false };
    case "SkipDownBlock2D":
    case "SkipUpBlock2D":
      return { family: "skip", attention: false };
    case "AttnSkipDownBlock2D":
    case "AttnSkipUpBlock2D":
      return { family: "skip", attention: true };
    case "KDownBlock2D":
    case "KUpBlock2D":
      return { family: "k", attention: false };
  }
}

/** One level. */
export interface UNet2DLevel {
  /** Kind on the way down. */
  readonly down: UNet2DDownBlock;
  /** Kind at the same depth on the way up. */
  readonly up: UNet2DUpBlock;
  /** Channels. */
  readonly channels: number;
  /** Heads of its attention. */
  readonly heads: number;
  /** Width of a head. All heads together need not be as wide as the channels. */
  readonly headDim: number;
}

/** How timesteps become numbers: fixed sinusoids, random ones of their logarithms, or rows of a table. */
export type UNet2DTimeEmbedding =
  | {
    readonly kind: "positional";
    /** Cosines first. */
    readonly flipSinToCos: boolean;
    /** See `timestepEmbedding`. */
    readonly freqShift: number;
  }
  | { readonly kind: "fourier" }
  | { readonly kind: "learned"; readonly count: number };

/** How the class label enters: looked up, as a second timestep, or as it is. */
export type UNet2DClassEmbedding =
  | { readonly kind: "lookup"; readonly count: number }
  | { readonly kind: "timestep" }
  | { readonly kind: "identity" };

/** The level between the ways: two residual blocks. */
export interface UNet2DMiddle {
  /** Whether there is self-attention between them. */
  readonly attention: boolean;
  /** Groups of its normalisation; null leaves it out. */
  readonly attentionGroups: number | null;
  /** Divides the sums of residual blocks and attention. */
  readonly outputScale: number;
}

/** Everything that decides the network. Sizes are in pixels of the sample and channels. */
export interface UNet2DConfig {
  /** Channels that the first convolution takes. */
  readonly inChannels: number;
  /** Channels of the prediction. */
  readonly outChannels: number;
  /** From the full resolution downwards. */
  readonly levels: readonly UNet2DLevel[];
  /** Residual blocks a level on the way down; one more on the way up. */
  readonly layers: number;
  /** The level between the ways; null if they follow each other. */
  readonly mid: UNet2DMiddle | null;
  /** Activation function of residual blocks; that of timesteps and before the last convolution is silu. */
  readonly activation: Activation;
  /** Groups of every normalisation; null (skip and K levels only): as many as four channels fit in, at most 32. */
  readonly groups: number | null;
  /** Added to the variance. */
  readonly epsilon: number;
  /** How the time embedding enters residual blocks. */
  readonly timeScaleShift: "default" | "scale_shift";
  /** Whether the residual blocks take the time's embedding as it is, without an activation. */
  readonly skipTimeActivation: boolean;
  /** How `AttnDownBlock2D` halves and `AttnUpBlock2D` doubles. */
  readonly resample: { readonly down: "conv" | "resnet"; readonly up: "conv" | "resnet" };
  /** Of the convolutions that halve; 0 means one row below and one column right. */
  readonly downsamplePadding: number;
  /** Maps an input of 0..1 to -1..1 first. */
  readonly centerInput: boolean;
  /** How the timestep is embedded. */
  readonly time: UNet2DTimeEmbedding;
  /** Width of the embedding. */
  readonly timeWidth: number;
  /** How the class label is embedded, if there is one. */
  readonly classes: UNet2DClassEmbedding | null;
  /** Height and width that the model was trained for, if the configuration says. */
  readonly sampleSize: readonly [height: number, width: number] | null;
}

/** Groups of normalisations at so many channels; the middle and the last convolution have one also with null. */
export function unet2dGroups(
  { groups }: Pick<UNet2DConfig, "groups">,
  channels: number,
): number {
  return groups ?? Math.min(Math.floor(channels / 4), 32);
}
