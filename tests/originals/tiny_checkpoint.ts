/**
 * Checkpoints in the originals' names, small and random.
 *
 * @module
 */
import { config } from "../../formats/config_reader.ts";
import type { JsonObject } from "../../formats/json.ts";
import { firstStageConfig, type OriginalFirstStage } from "../../formats/originals/first_stage.ts";
import { firstStageMap } from "../../formats/originals/first_stage_map.ts";
import { type KeyMap, place } from "../../formats/originals/key_map.ts";
import { openClipTextTable } from "../../formats/originals/open_clip_text.ts";
import { originalWeights } from "../../formats/originals/original_weights.ts";
import type { OriginalUNet } from "../../formats/originals/unet.ts";
import { unetConfig } from "../../formats/originals/unet_config.ts";
import { unetMap } from "../../formats/originals/unet_map.ts";
import type { WeightSource } from "../../formats/weight_source.ts";
import { clipTextTable } from "../../formats/originals/clip_text.ts";
import { f32, type HostTensor, hostTensor, i32, sizeOf } from "../../graph/tensor_spec.ts";
import { networkReaders } from "../../pipelines/networks/mod.ts";
import type { InputSpecs } from "../../pipelines/networks/network.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";

/** Tensors by name. */
export type Tensors = Record<string, HostTensor>;

/** Eight heads at 32 and 64 channels, transformers on the first level. */
export const TINY_UNET: OriginalUNet = {
  inChannels: 4,
  outChannels: 4,
  modelChannels: 32,
  layers: 1,
  levels: [
    { channels: 32, attends: true, depth: 1, crossOnly: false },
    { channels: 64, attends: false, depth: 0, crossOnly: false },
  ],
  resampling: "convolution",
  scaleShift: false,
  attention: { kind: "transformer", contextWidth: 64, linear: false },
  middleDepth: 1,
  classes: null,
  timeLayers: "time_embed",
};

/** Halves once. */
export const TINY_STAGE: OriginalFirstStage = {
  inChannels: 3,
  outChannels: 3,
  latentChannels: 4,
  embedWidth: 4,
  layers: 1,
  levels: [32, 32].map((channels) => ({ channels, attends: { down: false, up: false } })),
  midAttention: true,
  codes: null,
};

/** Two layers of 64 channels: one head, as wide as all published ones. */
export const TINY_TEXT: JsonObject = {
  vocab_size: 49,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 1,
  max_position_embeddings: 8,
};

/** Random tensors of all weights that a network asks for, under the original's names. */
export async function randomOriginal(
  { className, json, methods, map }: {
    readonly className: string;
    readonly json: JsonObject;
    readonly methods: Readonly<Record<string, InputSpecs>>;
    readonly map: KeyMap;
  },
  seed = 1,
): Promise<Tensors> {
  const network = networkReaders.get(className)!(config(json, className));
  const generator = new TorchGenerator(seed);
  const ours: Tensors = {};
  for (const [method, specs] of Object.entries(methods)) {
    for (const { name, spec: { shape } } of network.methods.get(method)!.graph(specs).parameters) {
      // Small numbers keep a deep network's results small.
      const data = Float32Array.from(generator.randn(sizeOf(shape)), (value) => value * 0.05);
      ours[name] ??= hostTensor(shape, data);
    }
  }
  const theirs = originalWeights(tensorSource(ours), map);
  const result: Tensors = {};
  for (const [name, { shape }] of theirs.tensors) {
    result[name] = hostTensor(shape, await theirs.read(name));
  }
  return result;
}

/** Tensors as a checkpoint. */
export function tensorSource(tensors: Tensors, more: Partial<WeightSource> = {}): WeightSource {
  return {
    description: "tiny.ckpt",
    tensors: new Map(
      Object.entries(tensors).map(([name, { shape }]) => [name, { shape, stored: "F32" }]),
    ),
    read(name, rows) {
      const { shape, data } = tensors[name]!;
      const row = sizeOf(shape.slice(1));
      const [start, end] = rows ?? [0, shape[0] ?? 1];
      return Promise.resolve(Float32Array.from(data.subarray(start * row, end * row)));
    },
    ...more,
  };
}

/** The U-Net's weights, below `model.diffusion_model`. */
export function tinyUNet(unet = TINY_UNET, seed = 1): Promise<Tensors> {
  const heads = { count: 8 };
  const { className, config: json } = unetConfig(unet, { heads, sampleSize: 8 });
  const map = unetMap(unet, { heads, order: "legacy" });
  return randomOriginal({
    className,
    json,
    methods: {
      forward: {
        sample: f32(1, unet.inChannels, 8, 8),
        timestep: f32(1),
        ...(unet.attention.kind === "transformer"
          ? { encoder_hidden_states: f32(1, 4, unet.attention.contextWidth) }
          : {}),
      },
    },
    map: { pairs: place(map.pairs, { ours: "", theirs: "model.diffusion_model" }) },
  }, seed);
}

/** The first stage's weights, below `first_stage_model`. */
export function tinyStage(stage = TINY_STAGE): Promise<Tensors> {
  const { className, config: json } = firstStageConfig(stage, { scalingFactor: 1, sampleSize: 8 });
  return randomOriginal({
    className,
    json,
    methods: { encode: { x: f32(1, 3, 8, 8) }, decode: { z: f32(1, 4, 4, 4) } },
    map: { pairs: place(firstStageMap(stage).pairs, { ours: "", theirs: "first_stage_model" }) },
  });
}

/** CLIP's or OpenCLIP's weights, below `cond_stage_model`. */
export function tinyText(kind: "clip" | "open-clip"): Promise<Tensors> {
  const layers = TINY_TEXT.num_hidden_layers as number;
  const pairs = kind === "clip"
    ? place(clipTextTable(layers), {
      ours: "text_model",
      theirs: "cond_stage_model.transformer.text_model",
    })
    : place(openClipTextTable(layers), { ours: "", theirs: "cond_stage_model.model" });
  return randomOriginal({
    className: "CLIPTextModel",
    json: TINY_TEXT,
    methods: { forward: { input_ids: i32(1, 8) } },
    map: { pairs },
  });
}

/** A whole model. */
export async function tinyCheckpoint(kind: "clip" | "open-clip"): Promise<Tensors> {
  return { ...await tinyUNet(), ...await tinyStage(), ...await tinyText(kind) };
}
