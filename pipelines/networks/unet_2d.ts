/**
 * `UNet2DModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { DIFFUSERS_ACTIVATIONS } from "../../models/layers.ts";
import { unet2d } from "../../models/unet_2d.ts";
import {
  type UNet2DClassEmbedding,
  type UNet2DConfig,
  unet2dGroups,
  type UNet2DMiddle,
  type UNet2DTimeEmbedding,
  UNET_2D_DOWN_BLOCKS,
  UNET_2D_UP_BLOCKS,
} from "../../models/unet_2d_config.ts";
import type { Network } from "./network.ts";
import { checkUNet2D } from "./unet_2d_checks.ts";
import { readSampleSize } from "./sample_size.ts";

/** Wider than any network, and far from where sizes stop being exact. */
const MAX_CHANNELS = 2 ** 14;
/** Wider than any embedding. */
const MAX_WIDTH = 2 ** 16;
/** More residual blocks than any level has. */
const MAX_LAYERS = 64;

/** What names of levels may begin with: the reference strips it. */
const OLD_PREFIX = "UNetRes";

/** Names of levels, also as they were. */
function withOldNames<const T extends string>(
  names: readonly T[],
): readonly (T | `${typeof OLD_PREFIX}${T}`)[] {
  return names.flatMap((name) => [name, `${OLD_PREFIX}${name}` as const]);
}

function currentName<const T extends string>(
  name: string,
  names: readonly T[],
): T {
  return names.find((each) => name === each || name === `${OLD_PREFIX}${each}`)!;
}

/**
 * Reads `unet/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readUNet2DConfig(c: ConfigReader): UNet2DConfig {
  c.ignore("dropout");
  const channels = c.integers("block_out_channels", [224, 448, 672, 896], { max: MAX_CHANNELS });
  const per = { per: "block_out_channels" } as const;
  const down = c.choices("down_block_types", withOldNames(UNET_2D_DOWN_BLOCKS), {
    ...per,
    fallback: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
  });
  const up = c.choices("up_block_types", withOldNames(UNET_2D_UP_BLOCKS), {
    ...per,
    fallback: ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
  });
  // Here it is what it says: the width of a head. Null is one head as wide as the level.
  const headDim = c.nullable.integer("attention_head_dim", 8, { max: MAX_CHANNELS });
  // A number of heads, the same at every level, is ours: the original networks have it, diffusers cannot say it.
  const heads = c.nullable.integer("num_attention_heads", null, { min: 1, max: MAX_CHANNELS });
  if (heads !== null && channels.some((width) => width % heads !== 0)) {
    throw c.error("num_attention_heads", `but must divide block_out_channels (${channels})`);
  }
  const last = channels.length - 1;
  const groups = c.nullable.integer("norm_num_groups", 32);
  const timeScaleShift = c.choice(
    "resnet_time_scale_shift",
    ["default", "scale_shift"],
    "default",
  );
  const config: UNet2DConfig = {
    inChannels: c.integer("in_channels", 3, { max: MAX_CHANNELS }),
    outChannels: c.integer("out_channels", 3, { max: MAX_CHANNELS }),
    levels: channels.map((width, at) => ({
      down: currentName(down[at]!, UNET_2D_DOWN_BLOCKS),
      up: currentName(up[last - at]!, UNET_2D_UP_BLOCKS),
      channels: width,
      heads: heads ?? Math.floor(width / (headDim ?? width)),
      headDim: heads === null ? headDim ?? width : width / heads,
    })),
    layers: c.integer("layers_per_block", 2, { max: MAX_LAYERS }),
    mid: readMiddle(c, {
      groups: timeScaleShift === "default" ? unet2dGroups({ groups }, channels[last]!) : null,
    }),
    activation: c.choice("act_fn", DIFFUSERS_ACTIVATIONS, "silu"),
    groups,
    epsilon: c.number("norm_eps", 1e-5, { min: 0 }),
    timeScaleShift,
    // SR3 adds the noise level's embedding without an activation before.
    skipTimeActivation: c.flag("resnet_skip_time_act", false),
    resample: {
      down: c.nullable.choice("downsample_type", ["conv", "resnet"]) ?? "conv",
      up: c.nullable.choice("upsample_type", ["conv", "resnet"]) ?? "conv",
    },
    downsamplePadding: c.integer("downsample_padding", 1, { min: 0, max: 1 }),
    centerInput: c.flag("center_input_sample", false),
    time: readTime(c),
    timeWidth: c.nullable.integer("time_embedding_dim", null, { max: MAX_WIDTH }) ??
      4 * channels[0]!,
    classes: readClasses(c),
    sampleSize: readSampleSize(c),
  };
  checkUNet2D(c, config);
  c.done();
  return config;
}

/** @param fallback Groups before attention unless the configuration says otherwise. */
function readMiddle(
  c: ConfigReader,
  fallback: { readonly groups: number | null },
): UNet2DMiddle | null {
  const kind = c.nullable.choice("mid_block_type", ["UNetMidBlock2D"], "UNetMidBlock2D");
  const middle: UNet2DMiddle = {
    attention: c.flag("add_attention", true),
    attentionGroups: c.nullable.integer("attn_norm_num_groups") ?? fallback.groups,
    outputScale: c.number("mid_block_scale_factor", 1),
  };
  return kind === null ? null : middle;
}

function readTime(c: ConfigReader): UNet2DTimeEmbedding {
  const kind = c.choice("time_embedding_type", ["positional", "fourier", "learned"], "positional");
  const flipSinToCos = c.flag("flip_sin_to_cos", true);
  const freqShift = c.number("freq_shift", 0);
  const count = c.nullable.integer("num_train_timesteps");
  switch (kind) {
    case "positional":
      return { kind, flipSinToCos, freqShift };
    case "fourier":
      return { kind };
    case "learned":
      if (count !== null) return { kind, count };
      throw c.error("num_train_timesteps", "but must be given for time_embedding_type learned");
  }
}

function readClasses(c: ConfigReader): UNet2DClassEmbedding | null {
  const count = c.nullable.integer("num_class_embeds");
  const kind = c.nullable.choice("class_embed_type", ["timestep", "identity"]);
  if (kind !== null) return { kind };
  return count === null ? null : { kind: "lookup", count };
}

/** `UNet2DModel` as a network with the method `forward`. */
export function unet2dNetwork(c: ConfigReader): Network {
  const config = readUNet2DConfig(c);
  const { classes, timeWidth } = config;
  const inputs: Record<string, string> = {
    sample: `[n, ${config.inChannels}, height, width]`,
    timestep: "[1 or n]",
  };
  if (classes !== null) {
    inputs.class_labels = {
      lookup: "[n] of whole numbers",
      timestep: "[n]",
      identity: `[n, ${timeWidth}]`,
    }[classes.kind];
  }
  return {
    className: "UNet2DModel",
    methods: new Map([["forward", {
      inputs,
      graph: (specs) =>
        trace((inputs, weights) => ({ sample: unet2d(config, inputs, weights) }), specs),
    }]]),
  };
}
