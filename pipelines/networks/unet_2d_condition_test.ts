import { assertEquals, assertThrows } from "@std/assert";
import { config } from "../../formats/config_reader.ts";
import type { JsonObject, JsonValue } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import { f32 } from "../../graph/tensor_spec.ts";
import type { UNet2DConditionConfig } from "../../models/unet_2d_condition_config.ts";
import { unet2dConditionInputs } from "../../models/unet_2d_condition_inputs.ts";
import { checkMethod, ComponentError } from "./network.ts";
import { readUNet2DConditionConfig, unet2dConditionNetwork } from "./unet_2d_condition.ts";

const BASE = {
  block_out_channels: [8, 16],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 2,
  cross_attention_dim: 12,
  norm_num_groups: 4,
};
const CROSS = {
  down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
};
const SIMPLE = {
  down_block_types: ["SimpleCrossAttnDownBlock2D", "SimpleCrossAttnDownBlock2D"],
  up_block_types: ["SimpleCrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D"],
  mid_block_type: "UNetMidBlock2DSimpleCrossAttn",
};
const K = {
  down_block_types: ["KDownBlock2D", "KDownBlock2D"],
  up_block_types: ["KUpBlock2D", "KUpBlock2D"],
  block_out_channels: [32, 64],
  norm_num_groups: null,
  mid_block_type: null,
};

const read = (more: JsonObject): UNet2DConditionConfig =>
  readUNet2DConditionConfig(config({ ...BASE, ...more }, "unet/config.json"));

/** [settings, what the message names] */
const REFUSED: readonly (readonly [JsonObject, ...string[]])[] = [
  [{ num_attention_heads: 8 }, "num_attention_heads is 8", "supported is null"],
  [{ attention_type: "gated" }, 'attention_type is "gated"', '"default"'],
  [{ down_block_types: ["SkipDownBlock2D", "DownBlock2D"] }, "SkipDownBlock2D", "KDownBlock2D"],
  [{ mid_block_type: "UNetMidBlock3D" }, "mid_block_type", "UNetMidBlock2DSimpleCrossAttn"],
  [{ act_fn: "quick_gelu" }, 'act_fn is "quick_gelu"', '"mish"'],
  [{ time_embedding_type: "learned" }, "time_embedding_type", "fourier"],
  [{ time_embedding_type: "fourier", time_embedding_dim: 9 }, "time_embedding_dim is 9", "even"],
  [{ resnet_time_scale_shift: "ada_group" }, "resnet_time_scale_shift", "scale_shift"],
  [{ class_embed_type: "text" }, 'class_embed_type is "text"', "simple_projection"],
  [{ class_embed_type: "projection" }, "projection_class_embeddings_input_dim"],
  [{ class_embeddings_concat: true }, "class_embeddings_concat is true"],
  [
    { class_embeddings_concat: true, num_class_embeds: 3, addition_embed_type: "text_image" },
    "class_embeddings_concat",
    "addition_embed_type text_image",
  ],
  [{ addition_embed_type: "sizes" }, 'addition_embed_type is "sizes"', "text_time"],
  [{ addition_embed_type: "text" }, "addition_embed_type_num_heads, which is not given", "12"],
  [{ addition_embed_type: "text_time" }, "addition_time_embed_dim"],
  [{ addition_embed_type: "image" }, "encoder_hid_dim"],
  [{ addition_embed_type: "image_hint", encoder_hid_dim: 4 }, "in_channels", "image_hint"],
  [{ encoder_hid_dim_type: "text_proj" }, "encoder_hid_dim, which is not given", "text_proj"],
  [{ encoder_hid_dim_type: "ip_image_proj" }, "ip_image_proj", "text_image_proj"],
  [{ cross_attention_norm: "rms_norm" }, "cross_attention_norm", "group_norm"],
  [{ ...SIMPLE, cross_attention_norm: "group_norm" }, "cross_attention_norm", "32 groups", "12"],
  [{ ...SIMPLE, cross_attention_norm: "layer_norm" }, "cross_attention_norm", "12", "8"],
  [{ ...CROSS, cross_attention_dim: [12, 10] }, "cross_attention_dim is [12, 10]"],
  [{ norm_num_groups: null }, "norm_num_groups is null", "DownBlock2D"],
  [{ norm_num_groups: 3 }, "norm_num_groups is 3", "8"],
  [{ attention_head_dim: 3 }, "attention_head_dim is 3", "8 by 3"],
  [{ ...SIMPLE, attention_head_dim: [16, 8] }, "attention_head_dim", "8 by 16"],
  [{ ...K, up_block_types: ["KUpBlock2D", "UpBlock2D"] }, "down_block_types is [", "but UpBlock2D"],
  [{ ...K, block_out_channels: [32, 48] }, "block_out_channels is [32, 48]", "multiples of 32"],
  [{ ...K, block_out_channels: [32, 96] }, "block_out_channels is [32, 96]", "3 groups", "32"],
  [{ downsample_padding: 2 }, "downsample_padding is 2", "0 to 1"],
  [{ resnet_out_scale_factor: 0 }, "resnet_out_scale_factor is 0"],
  [{ mid_block_scale_factor: 0 }, "mid_block_scale_factor is 0"],
  [{ a_new_option: true }, "a_new_option = true"],
];

Deno.test("what is not supported is refused by key and value", async (t) => {
  for (const [settings, ...words] of REFUSED) {
    await t.step(JSON.stringify(settings).slice(0, 70), () => {
      for (const word of words) assertThrows(() => read(settings), ModelError, word);
    });
  }
});

Deno.test("lists that have not one item a level are refused by name", async (t) => {
  const wrong: Record<string, JsonValue> = {
    down_block_types: ["DownBlock2D"],
    up_block_types: ["UpBlock2D", "UpBlock2D", "UpBlock2D"],
    layers_per_block: [1, 1, 1],
    attention_head_dim: [2],
    cross_attention_dim: [12, 12, 12],
    only_cross_attention: [true],
    transformer_layers_per_block: [1],
    reverse_transformer_layers_per_block: [1, 1, 1],
  };
  for (const [key, value] of Object.entries(wrong)) {
    await t.step(key, () => {
      assertThrows(() => read({ [key]: value }), ModelError, `${key} is [`);
      assertThrows(() => read({ [key]: value }), ModelError, "as many items as block_out_channels");
    });
  }
});

Deno.test("nested lists of transformer blocks need the way up's, and one item a residual block", () => {
  const nested = { ...CROSS, layers_per_block: 2, transformer_layers_per_block: [[1, 2], 3] };
  assertThrows(() => read(nested), ModelError, "reverse_transformer_layers_per_block");
  const both = { ...nested, reverse_transformer_layers_per_block: [1, [4, 5, 6]] };
  const { levels, mid } = read(both);
  assertEquals(levels.map(({ transformers }) => transformers), [
    { down: [1, 2], up: [4, 5, 6] },
    { down: [3, 3], up: [1, 1, 1] },
  ]);
  assertEquals(mid?.transformers, 3);
  const short = { ...both, reverse_transformer_layers_per_block: [1, [4, 5]] };
  assertThrows(() => read(short), ModelError, "[4, 5] must have 3 items");
});

Deno.test("one flag of only_cross_attention is for the middle too, a list is not", () => {
  const middle = (more: JsonObject) => read({ ...SIMPLE, ...more }).mid?.onlyCrossAttention;
  assertEquals(middle({}), false);
  assertEquals(middle({ only_cross_attention: true }), true);
  assertEquals(middle({ only_cross_attention: [true, true] }), false);
  const mid_block_only_cross_attention = false;
  assertEquals(middle({ only_cross_attention: true, mid_block_only_cross_attention }), false);
  assertEquals(middle({ mid_block_only_cross_attention: true }), true);
});

Deno.test("networks too large to build are refused before they are built", () => {
  const wide = Array<number>(17).fill(4);
  const levels = {
    block_out_channels: wide,
    down_block_types: wide.map(() => "DownBlock2D"),
    up_block_types: wide.map(() => "UpBlock2D"),
  };
  assertThrows(() => read(levels), ModelError, "block_out_channels");
  assertThrows(() => read({ layers_per_block: 65 }), ModelError, "layers_per_block is 65");
  assertThrows(() => read({ transformer_layers_per_block: 1e6 }), ModelError, "from 0 to 64");
  const deep = { ...CROSS, layers_per_block: 10, transformer_layers_per_block: 60 };
  assertThrows(() => read(deep), ModelError, "at most 1024 transformer blocks");
});

Deno.test("inputs are what the network is told; those without use may be left out", () => {
  const names = (more: JsonObject) =>
    Object.keys(
      unet2dConditionInputs(read(more), { batch: 1, height: 8, width: 8, tokens: 3 }),
    );
  assertEquals(names({}), ["sample", "timestep", "encoder_hidden_states"]);
  assertEquals(names({ ...K }), ["sample", "timestep"]);
  const sizes = { addition_time_embed_dim: 4, projection_class_embeddings_input_dim: 30 };
  assertEquals(names({ ...K, addition_embed_type: "text_time", ...sizes }), [
    "sample",
    "timestep",
    "text_embeds",
    "time_ids",
  ]);
  const network = unet2dConditionNetwork(config({ ...BASE, ...K }, "unet/config.json"));
  const specs = { sample: f32(1, 4, 8, 8), timestep: f32(1) };
  const { graph } = checkMethod(network, { method: "forward", specs });
  assertEquals(graph(specs).outputs[0]!.name, "sample");
  const text = { ...specs, encoder_hidden_states: f32(1, 3, 5) };
  checkMethod(network, { method: "forward", specs: text });
  const base = unet2dConditionNetwork(config(BASE, "unet/config.json"));
  assertThrows(
    () => checkMethod(base, { method: "forward", specs }),
    ComponentError,
    "encoder_hidden_states is missing",
  );
});
