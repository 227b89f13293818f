/**
 * Small super-resolution models in memory, without files.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { config } from "../formats/config_reader.ts";
import type { FileSource } from "../formats/files.ts";
import { memoryFiles } from "../formats/files.ts";
import type { JsonObject } from "../formats/json.ts";
import { writeSafetensors } from "../formats/write_safetensors.ts";
import type { Graph } from "../graph/graph.ts";
import { f32 } from "../graph/tensor_spec.ts";
import type { AutoencoderBlocksConfig } from "../models/autoencoder_blocks.ts";
import { Component } from "../pipelines/component.ts";
import { readAutoencoderKLConfig } from "../pipelines/networks/autoencoder_kl.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { memoryWeights } from "./memory_weights.ts";
import { torchInitialised } from "./torch_initialisation.ts";

/** Configurations of the two networks and the scheduler. */
export interface SmallUpscalerOptions {
  readonly unet: JsonObject;
  readonly vqvae: JsonObject;
  readonly scheduler: JsonObject;
  /** torch.manual_seed before each network. */
  readonly seed: number;
}

/** A folder of an `LDMSuperResolutionPipeline` with weights as PyTorch initialises them. */
export function smallUpscaler(
  { unet, vqvae, scheduler, seed }: SmallUpscalerOptions,
): FileSource {
  const methods = (className: string, json: JsonObject) =>
    networkReaders.get(className)!(config(json, className)).methods;
  const denoiser = methods("UNet2DModel", unet);
  const stage = methods("VQModel", vqvae);
  const weights = (graphs: Parameters<typeof torchInitialised>[0]) =>
    writeSafetensors(
      torchInitialised(graphs, seed) as Parameters<typeof writeSafetensors>[0],
    );
  const json = (value: JsonObject) => JSON.stringify(value);
  return memoryFiles(
    new Map<string, string | Uint8Array>([
      [
        "model_index.json",
        json({
          _class_name: "LDMSuperResolutionPipeline",
          scheduler: ["diffusers", scheduler._class_name!],
          unet: ["diffusers", "UNet2DModel"],
          vqvae: ["diffusers", "VQModel"],
        }),
      ],
      ["scheduler/scheduler_config.json", json(scheduler)],
      ["unet/config.json", json({ _class_name: "UNet2DModel", ...unet })],
      [
        "unet/diffusion_pytorch_model.safetensors",
        weights([
          denoiser.get("forward")!.graph({ sample: f32(1, 6, 32, 32), timestep: f32(1) }),
        ]),
      ],
      ["vqvae/config.json", json({ _class_name: "VQModel", ...vqvae })],
      [
        "vqvae/diffusion_pytorch_model.safetensors",
        weights([
          stage.get("encode")!.graph({ x: f32(1, 3, 64, 64) }),
          stage.get("decode")!.graph({ z: f32(1, 3, 32, 32) }),
        ]),
      ],
    ]),
    "a small upscaler",
  );
}

/** The configuration of an autoencoder of two levels, for {@linkcode smallAutoencoder}. */
export const TWO_LEVELS = {
  block_out_channels: [8, 16],
  layers_per_block: 1,
  norm_num_groups: 4,
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
} as const satisfies JsonObject;

/** The same as networks read it. */
export const TWO_LEVEL_BLOCKS: AutoencoderBlocksConfig = readAutoencoderKLConfig(
  config(TWO_LEVELS, "two levels"),
).blocks;

/** An `AutoencoderKL` with weights as PyTorch initialises them after `manual_seed(0)`. */
export async function smallAutoencoder(
  json: JsonObject,
  { backend }: { readonly backend: Backend },
): Promise<Component> {
  const network = networkReaders.get("AutoencoderKL")!(config(json, "AutoencoderKL"));
  const side = 2 ** ((json.block_out_channels as readonly number[]).length + 1);
  const encode = network.methods.get("encode")!.graph({ x: f32(1, 3, side, side) });
  const decode = network.methods.get("decode")!.graph({ z: f32(1, 4, 4, 4) });
  const part = (graph: Graph, own: (name: string) => boolean) => ({
    parameters: graph.parameters.filter(({ name }) => own(name)),
  });
  // PyTorch's class makes encoder and decoder first, then what stands between them and the latents.
  const tensors = torchInitialised([
    part(encode, (name) => name.startsWith("encoder.")),
    part(decode, (name) => name.startsWith("decoder.")),
    part(encode, (name) => name.startsWith("quant_conv.")),
    part(decode, (name) => name.startsWith("post_quant_conv.")),
  ], 0);
  const parameters = await backend.load(memoryWeights(tensors));
  return new Component("vae", {
    network,
    parameters,
    compile: (graph, { constant }) => backend.compile(graph, parameters, { constant }),
  });
}
