/**
 * `UNet2DConditionModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { ACTIVATIONS } from "../../models/layers.ts";
import {
  type ClassEmbedding,
  DOWN_BLOCKS,
  MID_BLOCKS,
  unet2dCondition,
  type UNet2DConditionConfig,
  UP_BLOCKS,
} from "../../models/unet_2d_condition.ts";
import type { Network } from "./network.ts";

/**
 * Reads `unet/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readUNet2DConditionConfig(c: ConfigReader): UNet2DConditionConfig {
  c.ignore("sample_size", "upcast_attention", "dropout", "num_attention_heads_note");
  c.expect({
    dual_cross_attention: false,
    attention_type: "default",
    cross_attention_norm: null,
    addition_embed_type_num_heads: 64,
    num_attention_heads: null,
  });
  const channels = c.integers("block_out_channels", [320, 640, 1280, 1280]);
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
  const layers = c.integers("layers_per_block", 2, spread);
  // Misnamed when the class was made: it is the number of heads (diffusers issue 2011).
  const heads = c.integers("attention_head_dim", 8, spread);
  const contextWidth = c.integers("cross_attention_dim", 1280, spread);
  const onlyCross = c.flags("only_cross_attention", false, spread);
  const transformers = c.integers("transformer_layers_per_block", 1, spread);
  const reversed = c.nullable.integers("reverse_transformer_layers_per_block", null, per);
  const onlyCrossOne = onlyCross.every((flag) => flag === onlyCross[0]) && onlyCross[0] === true;
  const midOnlyCross = c.nullable.flag("mid_block_only_cross_attention") ??
    (onlyCrossOne && onlyCross.length > 0);
  const midKind = c.nullable.choice("mid_block_type", MID_BLOCKS, "UNetMidBlock2DCrossAttn");
  const midScale = c.number("mid_block_scale_factor", 1);
  const timeKind = c.choice("time_embedding_type", ["positional", "fourier"], "positional");
  const timeWidth = c.nullable.integer("time_embedding_dim") ??
    channels[0]! * (timeKind === "fourier" ? 2 : 4);
  const projectionWidth = c.nullable.integer("projection_class_embeddings_input_dim");
  const additionTimeWidth = c.nullable.integer("addition_time_embed_dim");
  const additionKind = c.nullable.choice("addition_embed_type", ["text_time"]);
  const textWidth = c.nullable.integer("encoder_hid_dim");
  c.only("encoder_hid_dim_type", textWidth === null ? [null] : [null, "text_proj"]);

  const last = channels.length - 1;
  const config: UNet2DConditionConfig = {
    inChannels: c.integer("in_channels", 4),
    outChannels: c.integer("out_channels", 4),
    levels: channels.map((width, at) => ({
      down: down[at]!,
      up: up[last - at]!,
      channels: width,
      layers: layers[at]!,
      heads: heads[at]!,
      headDim: heads[at]!,
      contextWidth: contextWidth[at]!,
      transformers: {
        down: Array<number>(layers[at]!).fill(transformers[at]!),
        up: Array<number>(layers[at]! + 1).fill(
          reversed === null ? transformers[at]! : reversed[last - at]!,
        ),
      },
      onlyCrossAttention: onlyCross[at]!,
    })),
    mid: midKind === null ? null : {
      kind: midKind,
      layers: midKind === "UNetMidBlock2D" ? 0 : 1,
      transformers: transformers[last]!,
      outputScale: midScale,
      onlyCrossAttention: midOnlyCross,
    },
    activation: c.choice("act_fn", ACTIVATIONS, "silu"),
    groups: c.nullable.integer("norm_num_groups", 32),
    epsilon: c.number("norm_eps", 1e-5),
    downsamplePadding: c.integer("downsample_padding", 1, { min: 0 }),
    centerInput: c.flag("center_input_sample", false),
    convInKernel: c.integer("conv_in_kernel", 3),
    convOutKernel: c.integer("conv_out_kernel", 3),
    linearProjection: c.flag("use_linear_projection", false),
    time: {
      kind: timeKind,
      width: timeWidth,
      flipSinToCos: c.flag("flip_sin_to_cos", true),
      freqShift: c.number("freq_shift", 0),
      postActivation: c.nullable.choice("timestep_post_act", ACTIVATIONS),
      activation: c.nullable.choice("time_embedding_act_fn", ACTIVATIONS),
      conditionWidth: c.nullable.integer("time_cond_proj_dim"),
    },
    resnet: {
      timeScaleShift: c.choice("resnet_time_scale_shift", ["default", "scale_shift"], "default"),
      skipTimeActivation: c.flag("resnet_skip_time_act", false),
      outputScale: c.number("resnet_out_scale_factor", 1),
    },
    classes: readClasses(c, projectionWidth),
    classesConcat: c.flag("class_embeddings_concat", false),
    addition: additionKind === null ? null : {
      kind: additionKind,
      timeWidth: required(c, "addition_time_embed_dim", additionTimeWidth),
      width: required(c, "projection_class_embeddings_input_dim", projectionWidth),
    },
    textProjection: textWidth,
  };
  checkLevels(c, config);
  c.done();
  return config;
}

function required(c: ConfigReader, key: string, value: number | null): number {
  if (value === null) throw c.error(key, "but the kind of embedding needs it");
  return value;
}

function readClasses(c: ConfigReader, projectionWidth: number | null): ClassEmbedding | null {
  const count = c.nullable.integer("num_class_embeds");
  const kind = c.nullable.choice("class_embed_type", [
    "timestep",
    "identity",
    "projection",
    "simple_projection",
  ]);
  switch (kind) {
    case null:
      return count === null ? null : { kind: "lookup", count };
    case "timestep":
    case "identity":
      return { kind };
    case "projection":
    case "simple_projection":
      return {
        kind,
        width: required(c, "projection_class_embeddings_input_dim", projectionWidth),
      };
  }
}

/** What would otherwise show as a failed reshape deep in the network. */
function checkLevels(c: ConfigReader, { levels, groups }: UNet2DConditionConfig): void {
  for (const { channels, heads } of levels) {
    if (channels % heads !== 0) {
      throw c.error(
        "attention_head_dim",
        `must divide block_out_channels (${channels} by ${heads})`,
      );
    }
    if (channels % (groups ?? 32) !== 0) {
      throw c.error("norm_num_groups", `must divide block_out_channels (${channels})`);
    }
  }
}

/** `UNet2DConditionModel` as a network with the method `forward`. */
export function unet2dConditionNetwork(c: ConfigReader): Network {
  const config = readUNet2DConditionConfig(c);
  const { classes, time, addition } = config;
  return {
    className: "UNet2DConditionModel",
    methods: new Map([["forward", {
      inputs: {
        sample: `[n, ${config.inChannels}, height, width]`,
        timestep: "[1 or n]",
        encoder_hidden_states: `[n, tokens, ${
          config.textProjection ?? config.levels[0]!.contextWidth
        }]`,
        ...(classes === null ? {} : {
          class_labels: classes.kind === "lookup"
            ? "[n] of whole numbers"
            : classes.kind === "timestep"
            ? "[n]"
            : `[n, ${classes.kind === "identity" ? time.width : classes.width}]`,
        }),
        ...(time.conditionWidth === null ? {} : { timestep_cond: `[n, ${time.conditionWidth}]` }),
        ...(addition === null ? {} : {
          text_embeds: `[n, ${addition.width - 6 * addition.timeWidth}]`,
          time_ids: "[n, 6]",
        }),
      },
      graph: (specs) =>
        trace((inputs, weights) => ({ sample: unet2dCondition(config, inputs, weights) }), specs),
    }]]),
  };
}
