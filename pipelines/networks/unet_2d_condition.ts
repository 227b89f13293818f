/**
 * `UNet2DConditionModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { DIFFUSERS_ACTIVATIONS } from "../../models/layers.ts";
import { unet2dCondition } from "../../models/unet_2d_condition.ts";
import {
  DOWN_BLOCKS,
  familyOf,
  MID_BLOCKS,
  type UNet2DConditionConfig,
  type UNetMiddle,
  UP_BLOCKS,
} from "../../models/unet_2d_condition_config.ts";
import {
  embeddingWidths,
  sampleChannels,
  textWidth,
} from "../../models/unet_2d_condition_inputs.ts";
import type { Network } from "./network.ts";
import { checkUNet } from "./unet_2d_condition_checks.ts";
import {
  readAddition,
  readClasses,
  readContext,
  readTime,
} from "./unet_2d_condition_embeddings.ts";

/** Wider than any network, and far from where sizes stop being exact. */
const MAX_CHANNELS = 2 ** 14;
/** More residual blocks, or transformer blocks in a row, than any level has. */
const MAX_LAYERS = 64;

/**
 * Reads `unet/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readUNet2DConditionConfig(c: ConfigReader): UNet2DConditionConfig {
  // Training, precision of half-precision attention, and what pipelines read.
  c.ignore("sample_size", "upcast_attention", "dropout");
  c.expect({ attention_type: "default", num_attention_heads: null });
  const channels = c.integers("block_out_channels", [320, 640, 1280, 1280], { max: MAX_CHANNELS });
  const per = { per: "block_out_channels" } as const;
  const spread = { ...per, broadcast: true } as const;
  const down = c.choices("down_block_types", DOWN_BLOCKS, {
    ...per,
    fallback: [
      "CrossAttnDownBlock2D",
      "CrossAttnDownBlock2D",
      "CrossAttnDownBlock2D",
      "DownBlock2D",
    ],
  });
  const up = c.choices("up_block_types", UP_BLOCKS, {
    ...per,
    fallback: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  });
  const layers = c.integers("layers_per_block", 2, { ...spread, max: MAX_LAYERS });
  // Misnamed when the class was made: where there are transformers it is the number of heads (diffusers issue 2011).
  const heads = c.integers("attention_head_dim", 8, spread);
  const onlyCross = c.flags("only_cross_attention", false, spread);
  const transformers = readTransformers(c, { layers, down, up });
  const last = channels.length - 1;
  const levels = channels.map((width, at) => ({
    down: down[at]!,
    up: up[last - at]!,
    channels: width,
    layers: layers[at]!,
    heads: heads[at]!,
    headDim: { down: heads[at]!, up: heads[last - at]! },
    transformers: { down: transformers.down[at]!, up: transformers.up[at]! },
    onlyCrossAttention: onlyCross[at]!,
  }));
  const mid = readMiddle(c, transformers.mid);
  const { contextWidth, attendsToContext } = readContextWidth(c, { down, up, mid });
  const textDim = c.nullable.integer("encoder_hid_dim");
  const classes = readClasses(c);
  const config: UNet2DConditionConfig = {
    inChannels: c.integer("in_channels", 4, { max: MAX_CHANNELS }),
    outChannels: c.integer("out_channels", 4, { max: MAX_CHANNELS }),
    levels,
    mid,
    activation: c.choice("act_fn", DIFFUSERS_ACTIVATIONS, "silu"),
    groups: c.nullable.integer("norm_num_groups", 32),
    epsilon: c.number("norm_eps", 1e-5, { min: 0 }),
    downsamplePadding: c.integer("downsample_padding", 1, { min: 0, max: 1 }),
    centerInput: c.flag("center_input_sample", false),
    convInKernel: c.integer("conv_in_kernel", 3, { max: MAX_LAYERS }),
    convOutKernel: c.integer("conv_out_kernel", 3, { max: MAX_LAYERS }),
    linearProjection: c.flag("use_linear_projection", false),
    dualCrossAttention: c.flag("dual_cross_attention", false),
    contextNorm: c.nullable.choice("cross_attention_norm", ["layer_norm", "group_norm"]),
    time: readTime(c, channels[0]!),
    resnet: {
      timeScaleShift: c.choice("resnet_time_scale_shift", ["default", "scale_shift"], "default"),
      skipTimeActivation: c.flag("resnet_skip_time_act", false),
      outputScale: c.number("resnet_out_scale_factor", 1),
    },
    classes,
    classesConcat: c.flag("class_embeddings_concat", false),
    addition: readAddition(c, { textDim, contextWidth }),
    context: readContext(c, textDim),
    contextWidth,
    attendsToContext,
  };
  checkUNet(c, config);
  c.done();
  return config;
}

/** The kinds of levels, from the top on the way down, from the bottom on the way up. */
interface LevelKinds {
  readonly down: readonly (typeof DOWN_BLOCKS[number])[];
  readonly up: readonly (typeof UP_BLOCKS[number])[];
}

/** Numbers of transformer blocks, by depth, after each residual block; and of the middle. */
function readTransformers(
  c: ConfigReader,
  { layers, down, up }: LevelKinds & { readonly layers: readonly number[] },
): {
  readonly down: readonly (readonly number[])[];
  readonly up: readonly (readonly number[])[];
  readonly mid: number;
} {
  const key = "transformer_layers_per_block";
  const upKey = "reverse_transformer_layers_per_block";
  const range = { min: 0, max: MAX_LAYERS, per: "block_out_channels" } as const;
  const last = layers.length - 1;
  const given = c.integerLists(key, 1, { ...range, broadcast: true });
  const reversed = c.nullable.integerLists(upKey, null, range);
  if (reversed === null && given.some((each) => typeof each !== "number")) {
    throw c.error(upKey, `but must be given, because ${key} has lists`);
  }
  const each = (key: string, each: number | readonly number[], blocks: number) => {
    if (typeof each === "number") return Array<number>(blocks).fill(each);
    if (each.length >= blocks) return each.slice(0, blocks);
    throw c.error(key, `but [${each.join(", ")}] must have ${blocks} items, one a residual block`);
  };
  const deepest = given[last]!;
  return {
    down: layers.map((blocks, at) =>
      familyOf(down[at]!) === "transformer" ? each(key, given[at]!, blocks) : []
    ),
    up: layers.map((blocks, at) => {
      if (familyOf(up[last - at]!) !== "transformer") return [];
      const source = reversed === null ? given[at]! : reversed[last - at]!;
      return each(reversed === null ? key : upKey, source, blocks + 1);
    }),
    mid: each(key, deepest, 1)[0]!,
  };
}

function readMiddle(c: ConfigReader, transformers: number): UNetMiddle | null {
  const kind = c.nullable.choice("mid_block_type", MID_BLOCKS, "UNetMidBlock2DCrossAttn");
  const outputScale = c.number("mid_block_scale_factor", 1);
  // One flag is for the middle too, a list of flags is not.
  const onlyCrossAttention = c.nullable.flag("mid_block_only_cross_attention") ??
    (!c.isList("only_cross_attention") && c.flag("only_cross_attention", false));
  return kind === null ? null : { kind, transformers, outputScale, onlyCrossAttention };
}

/** Width of the context: all levels see the same one. */
function readContextWidth(
  c: ConfigReader,
  { down, up, mid }: LevelKinds & { readonly mid: UNetMiddle | null },
): { readonly contextWidth: number; readonly attendsToContext: boolean } {
  const widths = c.integers("cross_attention_dim", 1280, {
    per: "block_out_channels",
    broadcast: true,
    max: MAX_CHANNELS,
  });
  const attends = (kind: typeof down[number] | typeof up[number]) =>
    ["transformer", "added", "k_attention"].includes(familyOf(kind));
  const used = widths.filter((_, at) => attends(down[at]!) || attends(up[up.length - 1 - at]!));
  if (mid !== null && mid.kind !== "UNetMidBlock2D") used.push(widths.at(-1)!);
  const [width = widths[0]!] = used;
  if (used.some((other) => other !== width)) {
    throw c.error("cross_attention_dim", "but must be the same wherever the text is attended to");
  }
  return { contextWidth: width, attendsToContext: used.length > 0 };
}

/** `UNet2DConditionModel` as a network with the method `forward`. */
export function unet2dConditionNetwork(c: ConfigReader): Network {
  const config = readUNet2DConditionConfig(c);
  const { classes, time, addition } = config;
  const words = textWidth(config);
  const { text, image } = embeddingWidths(config);
  const inputs: Record<string, string> = {
    sample: `[n, ${sampleChannels(config)}, height, width]`,
    timestep: "[1 or n]",
    encoder_hidden_states: `[n, tokens, ${words ?? "any width"}]`,
  };
  if (classes !== null) {
    inputs.class_labels = classes.kind === "lookup"
      ? "[n] of whole numbers"
      : classes.kind === "timestep"
      ? "[n]"
      : `[n, ${classes.kind === "identity" ? time.width : classes.width}]`;
  }
  if (time.conditionWidth !== null) inputs.timestep_cond = `[n, ${time.conditionWidth}]`;
  if (text !== null) {
    inputs.text_embeds = addition?.kind === "text_time"
      ? `[n, ${addition.width} less ${addition.timeWidth} for each of time_ids]`
      : `[n, ${text}]`;
  }
  if (addition?.kind === "text_time") inputs.time_ids = "[n, sizes]";
  if (image !== null) inputs.image_embeds = `[n, ${image}]`;
  if (addition?.kind === "image_hint") inputs.hint = "[n, 3, 8 height, 8 width]";
  return {
    className: "UNet2DConditionModel",
    methods: new Map([["forward", {
      inputs,
      optional: ["timestep_cond", ...words === null ? ["encoder_hidden_states"] : []],
      graph: (specs) =>
        trace((inputs, weights) => ({ sample: unet2dCondition(config, inputs, weights) }), specs),
    }]]),
  };
}
