import { assertEquals, assertThrows } from "@std/assert";
import { config } from "../../formats/config_reader.ts";
import type { JsonObject } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import { ShapeError } from "../../graph/op.ts";
import { f32, sizeOf } from "../../graph/tensor_spec.ts";
import { unet2dInputs } from "../../models/unet_2d.ts";
import type { UNet2DConfig } from "../../models/unet_2d_config.ts";
import { checkMethod, ComponentError } from "./network.ts";
import { readUNet2DConfig, unet2dNetwork } from "./unet_2d.ts";

const BASE = {
  block_out_channels: [8, 16],
  down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 4,
  norm_num_groups: 4,
};
const SKIP = {
  down_block_types: ["SkipDownBlock2D", "SkipDownBlock2D"],
  up_block_types: ["SkipUpBlock2D", "SkipUpBlock2D"],
};
const K = {
  down_block_types: ["KDownBlock2D", "KDownBlock2D"],
  up_block_types: ["KUpBlock2D", "KUpBlock2D"],
  block_out_channels: [32, 64],
  norm_num_groups: null,
};
/** Levels of DDPM (Ho et al. 2020), with attention at one depth. */
const ddpm = (channels: readonly number[], attention: number, kind = "") => {
  const attends = channels.map((_, at) => at === attention ? `Attn${kind}` : kind);
  return {
    attention_head_dim: null,
    block_out_channels: channels,
    downsample_padding: 0,
    down_block_types: attends.map((name) => `${name}DownBlock2D`),
    flip_sin_to_cos: false,
    freq_shift: 1,
    norm_eps: 1e-6,
    up_block_types: attends.map((name) => `${name}UpBlock2D`).toReversed(),
  };
};

const read = (more: JsonObject): UNet2DConfig =>
  readUNet2DConfig(config({ ...BASE, ...more }, "unet/config.json"));

/** Numbers in all weights, of a network traced at a size. */
function parametersOf(json: JsonObject, side: number): number {
  const sizes = { batch: 1, height: side, width: side };
  const specs = unet2dInputs(readUNet2DConfig(config(json, "unet/config.json")), sizes);
  const network = unet2dNetwork(config(json, "unet/config.json"));
  const { parameters } = network.methods.get("forward")!.graph(specs);
  return parameters.reduce((sum, { spec }) => sum + sizeOf(spec.shape), 0);
}

Deno.test("absent keys take the class's defaults, which are those of a published model", () => {
  const { levels, mid, time, classes, ...more } = readUNet2DConfig(config({}, "config.json"));
  assertEquals(levels.map(({ channels, heads, headDim }) => [channels, heads, headDim]), [
    [224, 28, 8],
    [448, 56, 8],
    [672, 84, 8],
    [896, 112, 8],
  ]);
  assertEquals(levels.map(({ down }) => down.replace("DownBlock2D", "")), [
    "",
    "Attn",
    "Attn",
    "Attn",
  ]);
  assertEquals(levels.map(({ up }) => up.replace("UpBlock2D", "")), ["", "Attn", "Attn", "Attn"]);
  assertEquals(mid, { attention: true, attentionGroups: 32, outputScale: 1 });
  assertEquals(time, { kind: "positional", flipSinToCos: true, freqShift: 0 });
  assertEquals(classes, null);
  assertEquals(more, {
    inChannels: 3,
    outChannels: 3,
    layers: 2,
    activation: "silu",
    groups: 32,
    epsilon: 1e-5,
    timeScaleShift: "default",
    skipTimeActivation: false,
    resample: { down: "conv", up: "conv" },
    downsamplePadding: 1,
    centerInput: false,
    timeWidth: 896,
    sampleSize: null,
  });
  // CompVis/ldm-celebahq-256, whose heads are wider: that changes no weight.
  assertEquals(parametersOf({}, 64), 274_056_163);
});

Deno.test("networks of published sizes have the parameters that diffusers counts", () => {
  const upscaler = {
    attention_head_dim: 32,
    block_out_channels: [160, 320, 320, 640],
    down_block_types: ["DownBlock2D", "DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
    in_channels: 6,
    up_block_types: ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D", "UpBlock2D"],
  };
  assertEquals(parametersOf(upscaler, 64), 113_622_563, "LDM-SR");
  assertEquals(parametersOf(ddpm([128, 256, 256, 256], 1), 32), 35_746_307, "DDPM, CIFAR-10");
  assertEquals(parametersOf(ddpm([128, 128, 256, 256, 512, 512], 4), 64), 113_673_219, "CelebA");
  const ncsnpp = {
    ...ddpm([128, 128, 256, 256, 256, 256, 256], 4, "Skip"),
    mid_block_scale_factor: Math.SQRT2,
    norm_num_groups: null,
    time_embedding_type: "fourier",
  };
  assertEquals(parametersOf(ncsnpp, 64), 65_574_549, "NCSN++");
});

Deno.test("groups before the middle's attention depend on how time enters", () => {
  const groups = (more: JsonObject) => read(more).mid?.attentionGroups;
  assertEquals(groups({}), 4);
  assertEquals(groups({ attn_norm_num_groups: 2 }), 2);
  assertEquals(groups({ resnet_time_scale_shift: "scale_shift" }), null);
  assertEquals(groups({ resnet_time_scale_shift: "scale_shift", attn_norm_num_groups: 8 }), 8);
  assertEquals(groups(K), 16);
});

Deno.test("the trained size is a side, a height and a width, or unknown", () => {
  assertEquals(read({ sample_size: 64 }).sampleSize, [64, 64]);
  assertEquals(read({ sample_size: [32, 48] }).sampleSize, [32, 48]);
  assertEquals(read({ sample_size: null }).sampleSize, null);
  assertThrows(() => read({ sample_size: [32] }), ModelError, "sample_size is [32]");
});

/** [settings, what the message names] */
const REFUSED: readonly (readonly [JsonObject, ...string[]])[] = [
  [{ down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"] }, "CrossAttnDownBlock2D", "Skip"],
  [{ up_block_types: ["UpDecoderBlock2D", "UpBlock2D"] }, "UpDecoderBlock2D", "UNetResUpBlock2D"],
  [{ up_block_types: ["UpBlock2D"] }, "up_block_types is [", "as many items"],
  [{ mid_block_type: "UNetMidBlock2DCrossAttn" }, "mid_block_type", "UNetMidBlock2D"],
  [{ act_fn: "quick_gelu" }, 'act_fn is "quick_gelu"', '"mish"'],
  [{ layers_per_block: [1, 1] }, "layers_per_block is [1, 1]", "integer"],
  [{ time_embedding_type: "sine" }, "time_embedding_type", "fourier"],
  [{ time_embedding_type: "learned" }, "num_train_timesteps", "learned"],
  [{ freq_shift: 4 }, "freq_shift is 4", "8"],
  [{ resnet_time_scale_shift: "ada_group" }, "resnet_time_scale_shift", "scale_shift"],
  [{ class_embed_type: "projection" }, 'class_embed_type is "projection"', "identity"],
  [{ downsample_type: "fir" }, 'downsample_type is "fir"', "resnet"],
  [{ upsample_type: "fir" }, 'upsample_type is "fir"', "resnet"],
  [{ downsample_padding: 2 }, "downsample_padding is 2", "0 to 1"],
  [{ mid_block_scale_factor: 0 }, "mid_block_scale_factor is 0"],
  [{ norm_num_groups: null }, "norm_num_groups is null", "DownBlock2D"],
  [{ norm_num_groups: 3 }, "norm_num_groups is 3", "8"],
  [{ attn_norm_num_groups: 5 }, "attn_norm_num_groups is 5", "16"],
  [{ attention_head_dim: 17 }, "attention_head_dim is 17", "16"],
  [{ ...SKIP, in_channels: 4 }, "in_channels is 4", "SkipDownBlock2D"],
  [{ ...SKIP, out_channels: 6 }, "out_channels is 6", "SkipUpBlock2D"],
  [{ ...SKIP, norm_num_groups: null, block_out_channels: [130, 130] }, "block_out_channels", "130"],
  [{ ...SKIP, down_block_types: ["AttnSkipDownBlock2D", "SkipDownBlock2D"] }, "32 groups", "8"],
  [{ ...K, up_block_types: ["KUpBlock2D", "UpBlock2D"] }, "down_block_types is [", "UpBlock2D"],
  [{ ...K, block_out_channels: [32, 48] }, "block_out_channels is [32, 48]", "multiples of 32"],
  [{ ...K, block_out_channels: [32, 96] }, "block_out_channels is [32, 96]", "3 groups", "32"],
  [{ block_out_channels: [8, 2 ** 20] }, "block_out_channels is [8, 1048576]"],
  [{ layers_per_block: 65 }, "layers_per_block is 65"],
  [{ a_new_option: true }, "a_new_option = true"],
];

Deno.test("what is not supported is refused by key and value", async (t) => {
  for (const [settings, ...words] of REFUSED) {
    await t.step(JSON.stringify(settings).slice(0, 70), () => {
      for (const word of words) assertThrows(() => read(settings), ModelError, word);
    });
  }
});

Deno.test("more levels than a picture can be halved are refused", () => {
  const wide = Array<number>(17).fill(4);
  const levels = {
    block_out_channels: wide,
    down_block_types: wide.map(() => "DownBlock2D"),
    up_block_types: wide.map(() => "UpBlock2D"),
  };
  assertThrows(() => read(levels), ModelError, "at most 16 items");
});

Deno.test("K levels do not go with others", () => {
  const mixed = {
    ...K,
    norm_num_groups: 4,
    down_block_types: ["DownBlock2D", "KDownBlock2D"],
    up_block_types: ["KUpBlock2D", "UpBlock2D"],
  };
  assertThrows(() => read(mixed), ModelError, "down_block_types is [");
});

Deno.test("inputs are the sample, the timestep and the class, if there is one", () => {
  const sizes = { batch: 3, height: 8, width: 4, timesteps: 1 };
  const labels = (more: JsonObject) => unet2dInputs(read(more), sizes).class_labels;
  assertEquals(Object.keys(unet2dInputs(read({}), sizes)), ["sample", "timestep"]);
  assertEquals(labels({ num_class_embeds: 5 }), { shape: [3], dtype: "i32" });
  assertEquals(labels({ class_embed_type: "timestep" }), { shape: [3], dtype: "f32" });
  assertEquals(labels({ class_embed_type: "identity" }), { shape: [3, 32], dtype: "f32" });
  const network = unet2dNetwork(config({ ...BASE, num_class_embeds: 5 }, "unet/config.json"));
  const specs = { sample: f32(1, 3, 8, 8), timestep: f32(1) };
  assertThrows(
    () => checkMethod(network, { method: "forward", specs }),
    ComponentError,
    "class_labels is missing",
  );
});

Deno.test("samples that do not fit are refused with a reason", () => {
  const graph = (more: JsonObject, shape: readonly [number, number, number]) => () =>
    unet2dNetwork(config({ ...BASE, ...more }, "unet/config.json")).methods.get("forward")!
      .graph({ sample: f32(1, ...shape), timestep: f32(1) });
  assertThrows(graph({}, [4, 8, 8]), ShapeError, "must be [n, 3, height, width]");
  assertThrows(graph({ upsample_type: "resnet" }, [3, 7, 8]), ShapeError, "up_blocks.1");
  // Convolutions that double go to any size.
  const odd = graph({}, [3, 7, 9])();
  assertEquals(odd.nodes.find(({ id }) => id === odd.outputs[0]!.id)!.output.shape, [1, 3, 7, 9]);
  const broken = { up_block_types: ["SkipUpBlock2D", "UpBlock2D"] };
  assertThrows(graph(broken, [3, 8, 8]), ShapeError, "a skip level was followed by");
});
