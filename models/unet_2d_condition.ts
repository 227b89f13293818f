/**
 * The denoiser of text-to-image models: diffusers' `UNet2DConditionModel`.
 *
 * @module
 */
import { mul, sub } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { type KBlockOptions, kDownBlock, kUpBlock } from "./k_blocks.ts";
import { activate, conv2d, groupNorm } from "./layers.ts";
import type { ResnetConfig } from "./resnet.ts";
import {
  downBlock,
  type LevelAttention,
  type LevelConfig,
  type LevelInputs,
  midBlock,
  upBlock,
} from "./unet_2d_blocks.ts";
import {
  familyOf,
  type UNet2DConditionConfig,
  type UNetLevel,
} from "./unet_2d_condition_config.ts";
import { embedConditions, embedContext, joinHint } from "./unet_2d_condition_embeddings.ts";
import { requireInput } from "./unet_2d_condition_inputs.ts";

/** Groups where the configuration has none, in the middle. */
function middleGroups({ groups, levels }: UNet2DConditionConfig): number {
  return groups ?? Math.min(Math.floor(levels.at(-1)!.channels / 4), 32);
}

/**
 * Predicts noise (or what the model was trained to predict) from a noisy sample, a timestep and text.
 *
 * Ho et al. 2020, appendix B; Rombach et al. 2022, appendix E.2. Sizes need not halve evenly.
 *
 * @param config The network.
 * @param inputs As `unet2dConditionInputs` lists them.
 * @param w The checkpoint, by diffusers' names.
 * @returns `[n, outChannels, height, width]`
 * @throws {ShapeError} If an input is missing or does not fit.
 */
export function unet2dCondition(
  config: UNet2DConditionConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor {
  const conditions = { config, inputs, w };
  const { activation, epsilon } = config;
  let sample = requireInput(inputs, "sample");
  if (config.centerInput) sample = sub(mul(sample, 2), 1);
  const levelInputs: LevelInputs = {
    time: embedConditions(conditions),
    context: embedContext(conditions),
  };
  const network: NetworkParts = { config, inputs: levelInputs, skips: [] };
  let h = conv2d(w.at("conv_in"), joinHint(conditions, sample), {
    out: config.levels[0]!.channels,
    kernel: config.convInKernel,
  });
  network.skips.push(h);
  config.levels.forEach((_, at) => {
    h = down(w.at(`down_blocks.${at}`), h, { ...network, at });
  });
  h = middle(w.at("mid_block"), h, network);
  const last = config.levels.length - 1;
  for (let at = last; at >= 0; at--) {
    h = up(w.at(`up_blocks.${last - at}`), h, { ...network, at });
  }
  if (config.groups !== null) {
    h = activate(
      groupNorm(w.at("conv_norm_out"), h, { groups: config.groups, epsilon }),
      activation,
    );
  }
  return conv2d(w.at("conv_out"), h, { out: config.outChannels, kernel: config.convOutKernel });
}

/** What all levels are built from; `skips` is what the way down has left and the way up not yet taken. */
interface NetworkParts {
  readonly config: UNet2DConditionConfig;
  readonly inputs: LevelInputs;
  readonly skips: (Tensor | null)[];
}

/** A level by its depth. */
type LevelParts = NetworkParts & { readonly at: number };

function resnetConfig(config: UNet2DConditionConfig, kind: "plain" | "resnet"): ResnetConfig {
  const { groups, epsilon, activation, resnet: { timeScaleShift, ...more } } = config;
  const shared = { groups: groups ?? 32, epsilon, activation, timeScaleShift };
  // The reference gives the other settings to some kinds of levels only.
  return kind === "resnet" ? { ...shared, ...more } : shared;
}

function levelConfig({ config, at }: LevelParts, way: "down" | "up"): LevelConfig {
  const level = config.levels[at]!;
  const family = familyOf(level[way]);
  return {
    channels: level.channels,
    layers: level.layers,
    attention: levelAttention(config, level, way),
    resnet: resnetConfig(config, family === "resnet" || family === "added" ? "resnet" : "plain"),
  };
}

function levelAttention(
  config: UNet2DConditionConfig,
  level: UNetLevel,
  way: "down" | "up",
): LevelAttention {
  const { linearProjection, dualCrossAttention, contextNorm } = config;
  const { channels, heads, headDim, transformers, onlyCrossAttention } = level;
  switch (familyOf(level[way])) {
    case "transformer":
      if (dualCrossAttention) return { kind: "dual", heads };
      return {
        kind: "transformer",
        heads,
        layers: transformers[way],
        linearProjection,
        onlyCrossAttention,
      };
    case "self":
      return { kind: "self", heads: channels / headDim[way] };
    case "added":
      return {
        kind: "added",
        heads: channels / headDim[way],
        contextNorm: contextNorm ?? undefined,
        onlyCrossAttention,
      };
    case "plain":
    case "resnet":
    case "k":
    case "k_attention":
      return { kind: "none" };
  }
}

/** The settings of a level of k-diffusion's kinds, or null for the others. */
function kOptions(
  { config, inputs, at }: LevelParts,
  options: { readonly way: "down" | "up"; readonly resample: boolean },
): KBlockOptions | null {
  const level = config.levels[at]!;
  const family = familyOf(level[options.way]);
  if (family !== "k" && family !== "k_attention") return null;
  const { context } = inputs;
  return {
    channels: level.channels,
    layers: level.layers,
    activation: config.activation,
    epsilon: config.epsilon,
    time: inputs.time,
    attention: family === "k" || context === undefined
      ? undefined
      : { headDim: level.headDim[options.way], context },
    resample: options.resample,
  };
}

function down(w: Weights, x: Tensor, parts: LevelParts): Tensor {
  const { config, inputs, skips, at } = parts;
  const deepest = at === config.levels.length - 1;
  const k = kOptions(parts, { way: "down", resample: !deepest });
  if (k !== null) {
    const { h, skips: left } = kDownBlock(w, x, k);
    skips.push(...left);
    return h;
  }
  const family = familyOf(config.levels[at]!.down);
  return downBlock(w, x, {
    level: levelConfig(parts, "down"),
    inputs,
    downsample: deepest
      ? "none"
      : family === "resnet" || family === "added"
      ? "resnet"
      : { padding: config.downsamplePadding },
    skips,
  });
}

function middle(w: Weights, x: Tensor, { config, inputs }: NetworkParts): Tensor {
  const { mid, linearProjection, contextNorm } = config;
  if (mid === null) return x;
  const { channels, heads, headDim } = config.levels.at(-1)!;
  const attention = ((): LevelAttention => {
    switch (mid.kind) {
      case "UNetMidBlock2D":
        return { kind: "none" };
      case "UNetMidBlock2DCrossAttn":
        if (config.dualCrossAttention) return { kind: "dual", heads };
        return {
          kind: "transformer",
          heads,
          layers: [mid.transformers],
          linearProjection,
          onlyCrossAttention: false,
        };
      case "UNetMidBlock2DSimpleCrossAttn":
        return {
          kind: "added",
          heads: channels / headDim.down,
          contextNorm: contextNorm ?? undefined,
          onlyCrossAttention: mid.onlyCrossAttention,
        };
    }
  })();
  const added = attention.kind === "added";
  return midBlock(w, x, {
    level: {
      channels,
      layers: attention.kind === "none" ? 0 : 1,
      attention,
      resnet: {
        ...resnetConfig(config, "plain"),
        groups: middleGroups(config),
        skipTimeActivation: added && config.resnet.skipTimeActivation,
        outputScale: mid.outputScale,
      },
    },
    inputs,
  });
}

function up(w: Weights, x: Tensor, parts: LevelParts): Tensor {
  const { config, inputs, skips, at } = parts;
  const level = config.levels[at]!;
  const next = config.levels[Math.max(at - 1, 0)]!.channels;
  const k = kOptions(parts, { way: "up", resample: at > 0 });
  if (k !== null) {
    // Of what the way down has left at this depth, these kinds take the last.
    const [skip = null] = skips.splice(-level.layers).reverse();
    const time = inputs.time.size(-1);
    const self = level.channels === next && level.channels === time;
    return kUpBlock(w, x, { ...k, skip, out: next, self });
  }
  const family = familyOf(level.up);
  return upBlock(w, x, {
    level: levelConfig(parts, "up"),
    inputs,
    upsample: at === 0 ? "none" : family === "resnet" || family === "added" ? "resnet" : "conv",
    skips,
  });
}
