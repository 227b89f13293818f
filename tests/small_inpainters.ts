/**
 * Small models that are told of a mask, in memory.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { checkpointModel } from "../conformance/checkpoint_model.ts";
import { OriginalCheckpoint } from "../conformance/original_checkpoint.ts";
import { config } from "../formats/config_reader.ts";
import { type FileSource, memoryFiles, openFiles } from "../formats/files.ts";
import type { JsonObject } from "../formats/json.ts";
import { openSafetensors, type SafetensorsFile } from "../formats/safetensors.ts";
import { type WritableTensor, writeSafetensors } from "../formats/write_safetensors.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
import type { Model } from "../pipelines/model.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { SMALL_UNET, SMALL_VQ, smallUNetGraphs, smallWeights } from "./small_models.ts";

const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

/** The embedded model with a U-Net of nine channels: what is behind the latents counts a little. */
export async function shapesWithNineChannels(): Promise<FileSource> {
  const folder = new URL("../assets/shapes/", import.meta.url);
  const files = openFiles(folder);
  const weights = await openSafetensors(files, WEIGHTS);
  const tensors = new Map<string, WritableTensor>();
  for (const [name, { shape }] of weights.tensors) {
    const data = await weights.read(name);
    tensors.set(name, name === "conv_in.weight" ? widened(shape, data) : hostTensor(shape, data));
  }
  const json = JSON.parse(new TextDecoder().decode(await files.read("unet/config.json")));
  const contents = new Map<string, Uint8Array | string>([
    ["unet/config.json", JSON.stringify({ ...json, in_channels: 9 })],
    [WEIGHTS, writeSafetensors(tensors)],
  ]);
  for (
    const path of [
      "model_index.json",
      "bert/config.json",
      "bert/model.safetensors",
      "scheduler/scheduler_config.json",
      "tokenizer/tokenizer.json",
      "tokenizer/tokenizer_config.json",
      "vqvae/config.json",
      "vqvae/diffusion_pytorch_model.safetensors",
    ]
  ) contents.set(path, await files.read(path));
  return memoryFiles(contents, "shapes with nine channels");
}

/** `[o, 4, 3, 3]` as `[o, 9, 3, 3]` */
function widened(shape: readonly number[], data: Float32Array): WritableTensor {
  const [out, channels, ...kernel] = shape as [number, number, number, number];
  const size = kernel[0] * kernel[1];
  const wide = new Float32Array(out * 9 * size);
  for (let o = 0; o < out; o++) {
    wide.fill(0.05, o * 9 * size, (o + 1) * 9 * size);
    wide.set(data.subarray(o * channels * size, (o + 1) * channels * size), o * 9 * size);
  }
  return hostTensor([out, 9, ...kernel], wide);
}

/** Latent diffusion's own kind: seven channels, a codebook, no text. It halves pictures once, and latents once. */
export async function smallLatentInpainter(backend: Backend): Promise<Model> {
  const unet: JsonObject = { ...SMALL_UNET, in_channels: 7 };
  const vqvae: JsonObject = { ...SMALL_VQ, scaling_factor: 1 };
  const stage = networkReaders.get("VQModel")!(config(vqvae, "vqvae")).methods;
  const stageGraphs = [
    stage.get("encode")!.graph({ x: f32(1, 3, 16, 16) }),
    stage.get("decode")!.graph({ z: f32(1, 3, 8, 8) }),
  ];
  const scheduler: JsonObject = {
    _class_name: "DDIMScheduler",
    beta_start: 0.0015,
    beta_end: 0.0205,
    beta_schedule: "scaled_linear",
    clip_sample: false,
    set_alpha_to_one: false,
    steps_offset: 1,
  };
  const checkpoint = new OriginalCheckpoint({
    description: "a small inpainter",
    kind: "ldm-inpainting",
    className: "LDMInpaintingPipeline",
    components: new Map([
      ["unet", {
        className: "UNet2DModel",
        config: unet,
        weights: await asFile(smallWeights(smallUNetGraphs(unet), 1)),
      }],
      ["vqvae", {
        className: "VQModel",
        config: vqvae,
        weights: await asFile(smallWeights(stageGraphs, 2)),
      }],
    ]),
    schedulers: new Map([["scheduler", scheduler]]),
    tokenizer: null,
    settings: new Map(),
    assumed: [],
    unused: [],
  }, backend);
  return {
    ...checkpointModel(checkpoint),
    [Symbol.asyncDispose]: () => checkpoint[Symbol.asyncDispose](),
  };
}

/** Weights as they come from a file. */
async function asFile(tensors: ReturnType<typeof smallWeights>): Promise<SafetensorsFile> {
  const bytes = writeSafetensors(tensors as Parameters<typeof writeSafetensors>[0]);
  return await openSafetensors(memoryFiles(new Map([["weights", bytes]])), "weights");
}
