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
import { binomialDouble, binomialHalve } from "./binomial_filter.ts";
import { activate, type Activation, conv2d, groupNorm, linear } from "./layers.ts";
import { spatialNorm } from "./spatial_norm.ts";

/** What the residual blocks of one network share. */
export interface ResnetConfig {
  /** Groups of both normalisations. */
  readonly groups: number;
  /** Groups of the second one, if they are not those of the first. */
  readonly groupsOut?: number;
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
  /** Latents `[n, c, h', w']` that scale and shift both normalisations, see {@linkcode spatialNorm}. */
  readonly latents?: Tensor | undefined;
}

/** Settings of {@linkcode resnetBlock}. */
export interface ResnetOptions extends ResnetConfig {
  /** Channels of the result. */
  readonly out: number;
  /** The time embedding `[n or 1, d]`, if the block takes one. */
  readonly time?: Tensor | undefined;
  /** Both branches are resampled between activation and first convolution (Dhariwal & Nichol 2021). */
  readonly resample?: "up" | "down";
  /** How: by repeating pixels and averaging four, or by a binomial filter (Karras et al. 2020). */
  readonly filter?: "box" | "binomial";
  /** The shortcut has a convolution though the channels stay the same. */
  readonly convShortcut?: boolean;
}

const RESAMPLE = {
  box: { up: upsampleNearest, down: (x: Tensor) => avgPool2d(x, { kernel: [2, 2] }) },
  binomial: { up: binomialDouble, down: binomialHalve },
} as const;

/** norm, activation, convolution, twice, added to the input (He et al. 2016; Ho et al. 2020, appendix B). */
export function resnetBlock(w: Weights, x: Tensor, options: ResnetOptions): Tensor {
  const { out, time, activation, resample, filter = "box", latents, outputScale = 1 } = options;
  const groupsOut = options.groupsOut ?? options.groups;
  const norm = (at: Weights, x: Tensor, groups = groupsOut): Tensor =>
    latents === undefined
      ? groupNorm(at, x, { ...options, groups })
      : spatialNorm(at, x, { latents });
  return w.module(() => {
    let shortcut = x;
    let h = activate(norm(w.at("norm1"), x, options.groups), activation);
    if (resample !== undefined) {
      const change = RESAMPLE[filter][resample];
      // The module is used twice; its path names the first use.
      shortcut = w.at(`${resample}sample`).module(() => change(x));
      h = change(h);
    }
    h = conv2d(w.at("conv1"), h, { out });
    if (time === undefined) {
      h = norm(w.at("norm2"), h);
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
        h = add(mul(norm(w.at("norm2"), h), add(scale, 1)), shift);
      } else {
        h = norm(w.at("norm2"), add(h, perChannel));
      }
    }
    h = conv2d(w.at("conv2"), activate(h, activation), { out });
    if (x.size(1) !== out || options.convShortcut) {
      shortcut = conv2d(w.at("conv_shortcut"), shortcut, { out, kernel: 1 });
    }
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
