/**
 * Levels of k-diffusion's U-Net (Karras et al. 2022; Crowson), as the latent upscaler has them: the timestep scales and
 * shifts every normalisation, attention has no feed-forward layer, and images are resampled by a fixed filter.
 *
 * @module
 */
import * as op from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { attention } from "./attention.ts";
import { activate, type Activation, conv2d, linear } from "./layers.ts";

/** Channels of one group of every normalisation. */
export const K_GROUP_SIZE = 32;

/** (x - mean) / sqrt(variance + epsilon) in groups, times 1 + scale plus shift, both linear in the time embedding. */
function adaptiveGroupNorm(
  w: Weights,
  x: Tensor,
  options: { readonly time: Tensor; readonly groups: number; readonly epsilon: number },
): Tensor {
  const { time, ...norm } = options;
  const channels = x.size(1);
  return w.module(() => {
    const embedded = linear(w.at("linear"), time, { out: 2 * channels });
    const perChannel = op.reshape(embedded, [...embedded.shape, 1, 1]); // [n, 2 c, 1, 1]
    const sizes = [channels, channels];
    const [scale, shift] = op.split(perChannel, { axis: 1, sizes }) as [Tensor, Tensor];
    return op.add(op.mul(op.groupNorm(x, norm), op.add(scale, 1)), shift);
  });
}

/** What all blocks of a level share. */
interface KOptions {
  /** Between normalisation and convolution. */
  readonly activation: Activation;
  /** Added to the variance in residual blocks; 1e-5 before attention. */
  readonly epsilon: number;
  /** The time embedding `[n or 1, d]`. */
  readonly time: Tensor;
}

interface KResnetOptions extends KOptions {
  /** Channels between the convolutions. */
  readonly inner: number;
  /** Channels of the result. */
  readonly out: number;
  /** Groups of the second normalisation. */
  readonly groups: number;
}

function kResnet(w: Weights, x: Tensor, options: KResnetOptions): Tensor {
  const { activation, epsilon, time, inner, out } = options;
  return w.module(() => {
    const groups = Math.floor(x.size(1) / K_GROUP_SIZE);
    let h = adaptiveGroupNorm(w.at("norm1"), x, { time, groups, epsilon });
    h = conv2d(w.at("conv1"), activate(h, activation), { out: inner });
    h = adaptiveGroupNorm(w.at("norm2"), h, { time, groups: options.groups, epsilon });
    h = conv2d(w.at("conv2"), activate(h, activation), { out });
    const shortcut = x.size(1) === out
      ? x
      : conv2d(w.at("conv_shortcut"), x, { out, kernel: 1, bias: false });
    return op.add(shortcut, h);
  });
}

/** The attention of a level. */
export interface KAttention {
  /** Width of a head. */
  readonly headDim: number;
  /** Text tokens `[n, tokens, d]`. */
  readonly context: Tensor;
}

/** Attention to each other, if `self`, then to the text; each is added to its input. */
function kAttention(
  w: Weights,
  x: Tensor,
  options: KAttention & { readonly time: Tensor; readonly self: boolean },
): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const { headDim, time } = options;
  const groups = Math.max(1, Math.floor(c / K_GROUP_SIZE));
  const step = (names: readonly [norm: string, attention: string], h: Tensor, context?: Tensor) => {
    const normed = adaptiveGroupNorm(w.at(names[0]), h, { time, groups, epsilon: 1e-5 });
    const tokens = op.reshape(op.permute(normed, [0, 2, 3, 1]), [n, height * width, c]);
    const attended = attention(w.at(names[1]), tokens, {
      heads: c / headDim,
      headDim,
      bias: true,
      context,
      contextNorm: "layer_norm",
    });
    return op.add(op.reshape(op.permute(attended, [0, 2, 1]), h.shape), h);
  };
  return w.module(() => {
    const h = options.self ? step(["norm1", "attn1"], x) : x;
    return step(["norm2", "attn2"], h, options.context);
  });
}

/** The binomial filter (1 3 3 1) / 8 along both axes, times `gain`: `[1, 1, 4, 4]`. */
export function binomialKernel(gain: number): Tensor {
  const row = [1, 3, 3, 1].map((value) => value / 8);
  const values = row.flatMap((a) => row.map((b) => a * b * gain));
  return op.constant(values, { shape: [1, 1, 4, 4] });
}

/** Channels become images of their own, as each is filtered for itself, and a mirrored border. */
function framedChannels(x: Tensor): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const images = op.reshape(x, [n * c, 1, height, width]);
  return op.pad(images, { pads: [[0, 0], [0, 0], [1, 1], [1, 1]], mode: "reflect" });
}

function halve(x: Tensor): Tensor {
  const y = op.conv2d(framedChannels(x), { weight: binomialKernel(1), stride: [2, 2] });
  return op.reshape(y, [x.size(0), x.size(1), y.size(2), y.size(3)]);
}

function double(x: Tensor): Tensor {
  // Every second pixel of the doubled image is empty: the filter's sum is 4.
  const y = op.convTranspose2d(framedChannels(x), {
    weight: binomialKernel(4),
    stride: [2, 2],
    padding: [3, 3, 3, 3],
  });
  return op.reshape(y, [x.size(0), x.size(1), y.size(2), y.size(3)]);
}

/** Settings of {@linkcode kDownBlock} and {@linkcode kUpBlock}. */
export interface KBlockOptions extends KOptions {
  /** Channels of the level. */
  readonly channels: number;
  /** Residual blocks. */
  readonly layers: number;
  /** Absent in levels without attention. */
  readonly attention: KAttention | undefined;
  /** Whether the image is halved (doubled) at the end. */
  readonly resample: boolean;
}

/**
 * A level on the way down.
 *
 * @returns Its result, and what it leaves to the way up, one for each residual block: nothing (null) where the deepest
 * level has attention.
 */
export function kDownBlock(
  w: Weights,
  x: Tensor,
  options: KBlockOptions,
): { readonly h: Tensor; readonly skips: readonly (Tensor | null)[] } {
  const { channels, layers, attention: attends, resample } = options;
  const groups = Math.floor(channels / K_GROUP_SIZE);
  const skips: (Tensor | null)[] = [];
  const h = w.module(() => {
    let h = x;
    for (let layer = 0; layer < layers; layer++) {
      const resnet = { ...options, inner: channels, out: channels, groups };
      h = kResnet(w.at(`resnets.${layer}`), h, resnet);
      if (attends !== undefined) {
        const self = !resample;
        h = kAttention(w.at(`attentions.${layer}`), h, { ...attends, time: options.time, self });
      }
      skips.push(attends !== undefined && !resample ? null : h);
    }
    return resample ? halve(h) : h;
  });
  return { h, skips };
}

/**
 * A level on the way up; `layers` counts the way down's blocks, and so many it has.
 *
 * @param options `skip` is what the way down left last, `out` the next level's channels, which the last residual block
 * already has, and `self` whether positions attend to each other.
 */
export function kUpBlock(
  w: Weights,
  x: Tensor,
  options: KBlockOptions & {
    readonly skip: Tensor | null;
    readonly out: number;
    readonly self: boolean;
  },
): Tensor {
  const { channels, layers, attention: attends, out, skip, self } = options;
  const groups = Math.floor(channels / K_GROUP_SIZE);
  return w.module(() => {
    let h = skip === null ? x : op.concat([x, skip], { axis: 1 });
    for (let layer = 0; layer < layers; layer++) {
      const last = layer === layers - 1;
      // Without attention the number of channels changes at the first of the last block's convolutions, else at the second.
      const inner = last && attends === undefined ? out : channels;
      const resnet = { ...options, inner, out: last ? out : channels, groups };
      h = kResnet(w.at(`resnets.${layer}`), h, resnet);
      if (attends !== undefined) {
        h = kAttention(w.at(`attentions.${layer}`), h, { ...attends, time: options.time, self });
      }
    }
    return options.resample ? double(h) : h;
  });
}
