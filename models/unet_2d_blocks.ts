/**
 * Levels of a U-Net (Ronneberger et al. 2015; Rombach et al. 2022).
 *
 * @module
 */
import { concat } from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { addedAttention, type ContextNorm, spatialAttention } from "./attention.ts";
import { downsample, resnetBlock, type ResnetConfig, upsample } from "./resnet.ts";
import { dualTransformer2d, transformer2d } from "./transformer_2d.ts";

/** What follows each residual block of a level. */
export type LevelAttention =
  | { readonly kind: "none" }
  /** Self-attention over positions; `heads` share the channels. */
  | {
    readonly kind: "self";
    readonly heads: number;
    /** Width of a head, if they do not share the channels evenly. */
    readonly headDim?: number;
    /** Groups of its normalisation, if they are not those of the residual blocks; null leaves it out. */
    readonly groups?: number | null;
  }
  /** A spatial transformer; `layers[i]` transformer blocks after residual block i. */
  | {
    readonly kind: "transformer";
    readonly heads: number;
    readonly layers: readonly number[];
    readonly linearProjection: boolean;
    readonly onlyCrossAttention: boolean;
  }
  /** Two transformers side by side, for the two halves of the context. */
  | { readonly kind: "dual"; readonly heads: number }
  /** Attention to the text and to all positions at once; `heads` share the channels. */
  | {
    readonly kind: "added";
    readonly heads: number;
    readonly contextNorm: ContextNorm | undefined;
    readonly onlyCrossAttention: boolean;
  };

/** What all levels of one network share. */
export interface LevelInputs {
  /** The time embedding `[n or 1, d]`. */
  readonly time: Tensor;
  /** Text tokens `[n, tokens, d]`. */
  readonly context?: Tensor | undefined;
}

/** One level of the U-Net. */
export interface LevelConfig {
  /** Channels of the level. */
  readonly channels: number;
  /** Residual blocks on the way down; one more on the way up. */
  readonly layers: number;
  /** What follows each residual block. */
  readonly attention: LevelAttention;
  /** Settings of the residual blocks. */
  readonly resnet: ResnetConfig;
}

function contextOf({ context }: LevelInputs): Tensor {
  if (context === undefined) throw new ShapeError("attend to the text", "there is none");
  return context;
}

function attend(
  w: Weights,
  x: Tensor,
  options: { readonly level: LevelConfig; readonly layer: number; readonly inputs: LevelInputs },
): Tensor {
  const { level: { attention, resnet }, layer, inputs } = options;
  switch (attention.kind) {
    case "none":
      return x;
    case "self":
      return spatialAttention(w.at(`attentions.${layer}`), x, {
        ...resnet,
        heads: attention.heads,
        headDim: attention.headDim,
        groups: attention.groups === undefined ? resnet.groups : attention.groups,
      });
    case "transformer":
      return transformer2d(w.at(`attentions.${layer}`), x, {
        ...attention,
        layers: attention.layers[layer]!,
        context: inputs.context,
        groups: resnet.groups,
      });
    case "dual":
      return dualTransformer2d(w.at(`attentions.${layer}`), x, {
        heads: attention.heads,
        context: contextOf(inputs),
        groups: resnet.groups,
      });
    case "added":
      return addedAttention(w.at(`attentions.${layer}`), x, {
        ...attention,
        context: contextOf(inputs),
        groups: resnet.groups,
      });
  }
}

/** Settings of {@linkcode downBlock}. */
export interface DownBlockOptions {
  /** The level. */
  readonly level: LevelConfig;
  /** Time and text. */
  readonly inputs: LevelInputs;
  /** How the level ends: not at all, by a convolution of stride 2, or by a residual block that halves. */
  readonly downsample: "none" | "resnet" | { readonly padding: number };
  /** Collects what the way up will join, in order. */
  readonly skips: (Tensor | null)[];
}

/** A level on the way down. */
export function downBlock(w: Weights, x: Tensor, options: DownBlockOptions): Tensor {
  const { level, inputs, skips } = options;
  const { channels: out, layers, resnet } = level;
  return w.module(() => {
    let h = x;
    for (let layer = 0; layer < layers; layer++) {
      h = resnetBlock(w.at(`resnets.${layer}`), h, { ...resnet, out, time: inputs.time });
      h = attend(w, h, { level, layer, inputs });
      skips.push(h);
    }
    if (options.downsample !== "none") {
      const sampler = w.at("downsamplers.0");
      h = options.downsample === "resnet"
        ? resnetBlock(sampler, h, { ...resnet, out, time: inputs.time, resample: "down" })
        : downsample(sampler, h, { out, padding: options.downsample.padding });
      skips.push(h);
    }
    return h;
  });
}

/** The level between down and up: residual block, then attention and residual block, `layers` times. */
export function midBlock(
  w: Weights,
  x: Tensor,
  options: { readonly level: LevelConfig; readonly inputs: LevelInputs },
): Tensor {
  const { level, inputs } = options;
  const resnet = { ...level.resnet, out: level.channels, time: inputs.time };
  return w.module(() => {
    let h = resnetBlock(w.at("resnets.0"), x, resnet);
    for (let layer = 0; layer < level.layers; layer++) {
      h = attend(w, h, { level, layer, inputs });
      h = resnetBlock(w.at(`resnets.${layer + 1}`), h, resnet);
    }
    return h;
  });
}

/** Settings of {@linkcode upBlock}. */
export interface UpBlockOptions {
  /** The level; `layers` counts the way down's blocks. */
  readonly level: LevelConfig;
  /** Time and text. */
  readonly inputs: LevelInputs;
  /** How the level ends. */
  readonly upsample: "none" | "resnet" | "conv";
  /** What the way down left; the level takes its own from the end. Null is nothing, which only k-diffusion's levels leave. */
  readonly skips: (Tensor | null)[];
}

/** A level on the way up. An upsampled image gets the size of the next skip, which may be odd. */
export function upBlock(w: Weights, x: Tensor, options: UpBlockOptions): Tensor {
  const { level, inputs, skips } = options;
  const { channels: out, resnet } = level;
  return w.module(() => {
    let h = x;
    for (let layer = 0; layer <= level.layers; layer++) {
      h = concat([h, joined(skips.pop())], { axis: 1 });
      h = resnetBlock(w.at(`resnets.${layer}`), h, { ...resnet, out, time: inputs.time });
      h = attend(w, h, { level, layer, inputs });
    }
    if (options.upsample === "none") return h;
    const sampler = w.at("upsamplers.0");
    if (options.upsample === "resnet") {
      return resnetBlock(sampler, h, { ...resnet, out, time: inputs.time, resample: "up" });
    }
    const next = joined(skips.at(-1));
    return upsample(sampler, h, { out, size: [next.size(2), next.size(3)] });
  });
}

/**
 * What the way up joins next.
 *
 * @throws {ShapeError} If the way down has left nothing.
 */
export function joined(skip: Tensor | null | undefined): Tensor {
  if (skip === null || skip === undefined) {
    throw new ShapeError("join what the way down left", "it left nothing for this level");
  }
  return skip;
}
