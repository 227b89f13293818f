/**
 * A small `StableDiffusionUpscalePipeline` in memory, without files.
 *
 * @module
 */
import { config } from "../formats/config_reader.ts";
import { type FileSource, memoryFiles } from "../formats/files.ts";
import type { JsonObject } from "../formats/json.ts";
import { type WritableTensor, writeSafetensors } from "../formats/write_safetensors.ts";
import { f32, i32, type TensorSpec } from "../graph/tensor_spec.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { optionWeight } from "./option_cases.ts";

/** CLIP's alphabet: printable bytes stand for themselves, the others for characters behind them; a word's last letter is marked. */
function alphabet(): string[] {
  const printable = (byte: number) =>
    byte >= 33 && byte <= 126 || byte >= 161 && byte <= 172 || byte >= 174;
  let behind = 256;
  const letters = Array.from(
    { length: 256 },
    (_, byte) => String.fromCodePoint(printable(byte) ? byte : behind++),
  );
  return [...letters, ...letters.map((letter) => `${letter}</w>`)];
}

const NETWORKS: Readonly<
  Record<string, { readonly className: string; readonly config: JsonObject; readonly file: string }>
> = {
  unet: {
    className: "UNet2DConditionModel",
    file: "diffusion_pytorch_model",
    config: {
      block_out_channels: [8, 16],
      norm_num_groups: 4,
      attention_head_dim: 2,
      layers_per_block: 1,
      cross_attention_dim: 8,
      in_channels: 7,
      out_channels: 4,
      num_class_embeds: 40,
      only_cross_attention: [true, false],
      use_linear_projection: true,
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"],
    },
  },
  vae: {
    className: "AutoencoderKL",
    file: "diffusion_pytorch_model",
    config: {
      block_out_channels: [8, 8],
      norm_num_groups: 4,
      down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
      up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
    },
  },
  text_encoder: {
    className: "CLIPTextModel",
    file: "model",
    config: {
      hidden_size: 8,
      intermediate_size: 16,
      num_attention_heads: 2,
      num_hidden_layers: 1,
      vocab_size: 514,
      max_position_embeddings: 77,
    },
  },
};

const SIZES: Readonly<
  Record<string, readonly (readonly [string, Readonly<Record<string, TensorSpec>>])[]>
> = {
  unet: [["forward", {
    sample: f32(1, 7, 4, 4),
    timestep: f32(1),
    encoder_hidden_states: f32(1, 77, 8),
    class_labels: i32(1),
  }]],
  vae: [["encode", { x: f32(1, 3, 8, 8) }], ["decode", { z: f32(1, 4, 4, 4) }]],
  text_encoder: [["forward", { input_ids: i32(1, 77) }]],
};

/** A folder with weights that are computed from their names. */
export function smallTextUpscaler(): FileSource {
  const files = new Map<string, string | Uint8Array>();
  const json = (path: string, value: unknown) => files.set(path, JSON.stringify(value));
  const index: Record<string, unknown> = {
    _class_name: "StableDiffusionUpscalePipeline",
    max_noise_level: 30,
    tokenizer: ["transformers", "CLIPTokenizer"],
    scheduler: ["diffusers", "DDIMScheduler"],
    low_res_scheduler: ["diffusers", "DDPMScheduler"],
  };
  for (const [name, network] of Object.entries(NETWORKS)) {
    const { className } = network;
    index[name] = [name === "text_encoder" ? "transformers" : "diffusers", className];
    json(`${name}/config.json`, { _class_name: className, ...network.config });
    const { methods } = networkReaders.get(className)!(config(network.config, name));
    const tensors: Record<string, WritableTensor> = {};
    for (const [method, specs] of SIZES[name]!) {
      for (const { name, spec: { shape } } of methods.get(method)!.graph(specs).parameters) {
        tensors[name] = { dtype: "f32", shape, data: optionWeight(name, shape) };
      }
    }
    files.set(`${name}/${network.file}.safetensors`, writeSafetensors(tensors));
  }
  json("model_index.json", index);
  json("scheduler/scheduler_config.json", {
    _class_name: "DDIMScheduler",
    prediction_type: "v_prediction",
    clip_sample: false,
  });
  json("low_res_scheduler/scheduler_config.json", {
    _class_name: "DDPMScheduler",
    beta_schedule: "squaredcos_cap_v2",
  });
  const words = [...alphabet(), "<|startoftext|>", "<|endoftext|>"];
  json("tokenizer/vocab.json", Object.fromEntries(words.map((word, at) => [word, at])));
  files.set("tokenizer/merges.txt", "#version: 0.2\n");
  json("tokenizer/tokenizer_config.json", { model_max_length: 77 });
  return memoryFiles(files, "a small text upscaler");
}
