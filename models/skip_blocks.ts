/**
 * Levels with a second, three-channel picture beside the features: on the way down it is halved and mixed in, on the way up
 * the prediction is summed up from the lowest resolution (NCSN++, Song et al. 2021, "progressive" growing by skips).
 *
 * @module
 */
import { add, concat } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { spatialAttention } from "./attention.ts";
import { binomialDouble, binomialHalve } from "./binomial_filter.ts";
import { activate, type Activation, conv2d, groupNorm } from "./layers.ts";
import { resnetBlock, type ResnetOptions } from "./resnet.ts";
import { joined } from "./unet_2d_blocks.ts";

/** Channels of the second picture. */
export const SKIP_PICTURE_CHANNELS = 3;
/** Groups of the normalisation before attention. */
export const SKIP_ATTENTION_GROUPS = 32;
/** Sums of two branches are divided by it. */
const OUTPUT_SCALE = Math.SQRT2;

/** Groups of a normalisation of so many channels. */
export function skipGroups(channels: number): number {
  return Math.min(Math.floor(channels / 4), 32);
}

/**
 * Groups of the first normalisation of a residual block on the way up, which takes features and a skip joined.
 *
 * @param channels Of both, and whether the level has attention: there the reference divides the skip's share only.
 */
export function joinedGroups(
  channels: { readonly features: number; readonly skip: number; readonly attention: boolean },
): number {
  const { features, skip, attention } = channels;
  return attention ? Math.min(features + Math.floor(skip / 4), 32) : skipGroups(features + skip);
}

/** What both ways have. */
export interface SkipBlockOptions {
  /** Channels of the level. */
  readonly channels: number;
  /** Residual blocks on the way down; one more on the way up. */
  readonly layers: number;
  /** Self-attention: after each residual block on the way down, after the last on the way up. */
  readonly attention: { readonly heads: number; readonly headDim: number } | undefined;
  /** Between normalisation and convolution. */
  readonly activation: Activation;
  /** Added to the variance. */
  readonly epsilon: number;
  /** How the time embedding enters. */
  readonly timeScaleShift: "default" | "scale_shift";
  /** The time embedding `[n or 1, d]`. */
  readonly time: Tensor;
  /** Whether the level halves (doubles) the features at its end. */
  readonly resample: boolean;
}

/** Settings of a residual block that takes features of so many groups. */
function resnet(options: SkipBlockOptions, groups: number): ResnetOptions {
  const { activation, epsilon, timeScaleShift, time, channels: out } = options;
  return {
    activation,
    epsilon,
    timeScaleShift,
    time,
    out,
    groups,
    groupsOut: skipGroups(out),
    outputScale: OUTPUT_SCALE,
  };
}

function attend(w: Weights, x: Tensor, options: SkipBlockOptions): Tensor {
  const { attention, epsilon } = options;
  if (attention === undefined) return x;
  return spatialAttention(w, x, {
    ...attention,
    groups: SKIP_ATTENTION_GROUPS,
    epsilon,
    outputScale: OUTPUT_SCALE,
  });
}

/** What a level on the way down gives. */
export interface SkipDownResult {
  /** The features. */
  readonly h: Tensor;
  /** What it leaves to the way up. */
  readonly skips: readonly Tensor[];
  /** The picture, halved with the features. */
  readonly picture: Tensor;
}

/** A level on the way down, with the picture at the features' resolution. */
export function skipDownBlock(
  w: Weights,
  x: Tensor,
  options: SkipBlockOptions & { readonly picture: Tensor },
): SkipDownResult {
  const { channels: out, layers, resample } = options;
  const skips: Tensor[] = [];
  let { picture } = options;
  const h = w.module(() => {
    let h = x;
    for (let layer = 0; layer < layers; layer++) {
      h = resnetBlock(w.at(`resnets.${layer}`), h, resnet(options, skipGroups(h.size(1))));
      h = attend(w.at(`attentions.${layer}`), h, options);
      skips.push(h);
    }
    if (!resample) return h;
    const halving = { resample: "down", filter: "binomial", convShortcut: true } as const;
    h = resnetBlock(w.at("resnet_down"), h, { ...resnet(options, skipGroups(out)), ...halving });
    picture = binomialHalve(picture);
    h = add(conv2d(w.at("skip_conv"), picture, { out, kernel: 1 }), h);
    skips.push(h);
    return h;
  });
  return { h, skips, picture };
}

/**
 * A level on the way up.
 *
 * @param options `skips` is what the way down left, of which the level takes its own from the end; `picture` what the levels
 * below have predicted, at half the features' resolution.
 */
export function skipUpBlock(
  w: Weights,
  x: Tensor,
  options: SkipBlockOptions & {
    readonly skips: (Tensor | null)[];
    readonly picture: Tensor | undefined;
  },
): { readonly h: Tensor; readonly picture: Tensor | undefined } {
  const { channels, layers, attention, epsilon, resample } = options;
  let picture = options.picture === undefined ? undefined : binomialDouble(options.picture);
  const h = w.module(() => {
    let h = x;
    for (let layer = 0; layer <= layers; layer++) {
      const skip = joined(options.skips.pop());
      const sizes = { features: h.size(1), skip: skip.size(1), attention: attention !== undefined };
      const settings = resnet(options, joinedGroups(sizes));
      h = resnetBlock(w.at(`resnets.${layer}`), concat([h, skip], { axis: 1 }), settings);
    }
    h = attend(w.at("attentions.0"), h, options);
    if (!resample) return h;
    const groups = skipGroups(channels);
    const active = activate(groupNorm(w.at("skip_norm"), h, { groups, epsilon }), "silu");
    const part = conv2d(w.at("skip_conv"), active, { out: SKIP_PICTURE_CHANNELS });
    picture = picture === undefined ? part : add(picture, part);
    const doubling = { resample: "up", filter: "binomial", convShortcut: true } as const;
    return resnetBlock(w.at("resnet_up"), h, { ...resnet(options, groups), ...doubling });
  });
  return { h, picture };
}
