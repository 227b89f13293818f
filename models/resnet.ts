/**
 * Residual blocks and changes of resolution.
 *
 * @module
 */
import {
  add,
  avgPool2d,
  div,
  mul,
  pad,
  reshape,
  resizeNearest,
  split,
  upsampleNearest,
} from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { activate, type Activation, conv2d, groupNorm, linear } from "./layers.ts";

/** What the residual blocks of one network share. */
export interface ResnetConfig {
  /** Groups of both normalisations. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Between normalisation and convolution. */
  readonly activation: Activation;
  /** How the time embedding enters: added before the second norm, or as scale and shift after it. */
  readonly timeScaleShift?: "default" | "scale_shift";
  /** The time embedding enters without an activation before its projection. */
  readonly skipTimeActivation?: boolean;
  /** Divides the sum of both branches. */
  readonly outputScale?: number;
}

/** Settings of {@linkcode resnetBlock}. */
export interface ResnetOptions extends ResnetConfig {
  /** Channels of the result. */
  readonly out: number;
  /** The time embedding `[n or 1, d]`, if the block takes one. */
  readonly time?: Tensor | undefined;
  /** Both branches are resampled between activation and first convolution (Dhariwal & Nichol 2021). */
  readonly resample?: "up" | "down";
}

/** norm, activation, convolution, twice, added to the input (He et al. 2016; Ho et al. 2020, appendix B). */
export function resnetBlock(w: Weights, x: Tensor, options: ResnetOptions): Tensor {
  const { out, time, activation, resample, outputScale = 1 } = options;
  return w.module(() => {
    let shortcut = x;
    let h = activate(groupNorm(w.at("norm1"), x, options), activation);
    if (resample !== undefined) {
      const change = (image: Tensor) =>
        resample === "up" ? upsampleNearest(image) : avgPool2d(image, { kernel: [2, 2] });
      h = change(h);
      shortcut = change(shortcut);
    }
    h = conv2d(w.at("conv1"), h, { out });
    if (time === undefined) {
      h = groupNorm(w.at("norm2"), h, options);
    } else {
      const scaleShift = options.timeScaleShift === "scale_shift";
      const active = options.skipTimeActivation ? time : activate(time, activation);
      const embedded = linear(w.at("time_emb_proj"), active, { out: scaleShift ? 2 * out : out });
      const perChannel = reshape(embedded, [...embedded.shape, 1, 1]); // [n, out or 2 out, 1, 1]
      if (scaleShift) {
        const [scale, shift] = split(perChannel, { axis: 1, sizes: [out, out] }) as [
          Tensor,
          Tensor,
        ];
        h = add(mul(groupNorm(w.at("norm2"), h, options), add(scale, 1)), shift);
      } else {
        h = groupNorm(w.at("norm2"), add(h, perChannel), options);
      }
    }
    h = conv2d(w.at("conv2"), activate(h, activation), { out });
    if (x.size(1) !== out) shortcut = conv2d(w.at("conv_shortcut"), shortcut, { out, kernel: 1 });
    const sum = add(shortcut, h);
    return outputScale === 1 ? sum : div(sum, outputScale);
  });
}

/** Halves an image by a convolution of stride 2. Padding 0 means one row below and one column right, as in autoencoders. */
export function downsample(
  w: Weights,
  x: Tensor,
  options: { readonly out: number; readonly padding: number },
): Tensor {
  const { out, padding } = options;
  return w.module(() => {
    const framed = padding === 0 ? pad(x, { pads: [[0, 0], [0, 0], [0, 1], [0, 1]] }) : x;
    return conv2d(w.at("conv"), framed, { out, stride: 2, padding });
  });
}

/** Doubles an image, or brings it to `size`, by the nearest pixel, and convolves it. */
export function upsample(
  w: Weights,
  x: Tensor,
  options: { readonly out: number; readonly size?: readonly [number, number] | undefined },
): Tensor {
  const [height, width] = [x.size(2), x.size(3)];
  const size = options.size ?? [2 * height, 2 * width];
  return w.module(() => {
    const doubled = size[0] === 2 * height && size[1] === 2 * width;
    const larger = doubled ? upsampleNearest(x) : resizeNearest(x, { size });
    return conv2d(w.at("conv"), larger, { out: options.out });
  });
}
