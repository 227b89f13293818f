/**
 * Small models that draw from noise, in memory, without files.
 *
 * @module
 */
import { config } from "../formats/config_reader.ts";
import { type FileSource, memoryFiles } from "../formats/files.ts";
import type { JsonObject } from "../formats/json.ts";
import { writeSafetensors } from "../formats/write_safetensors.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, type HostTensor, i32 } from "../graph/tensor_spec.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { torchInitialised } from "./torch_initialisation.ts";

/** What a model is made of. */
export interface SmallModelOptions {
  /** The pipeline's class. */
  readonly className: string;
  /** Of a `UNet2DModel`, besides {@linkcode SMALL_UNET}. */
  readonly unet?: JsonObject;
  /** Of a `VQModel`; absent where the model works on pixels. */
  readonly vqvae?: JsonObject;
  readonly scheduler: JsonObject;
  /** torch.manual_seed before each network. */
  readonly seed: number;
}

/** The U-Net of diffusers' own fast tests of DDIM. */
export const SMALL_UNET: JsonObject = {
  block_out_channels: [4, 8],
  layers_per_block: 1,
  norm_num_groups: 4,
  sample_size: 8,
  in_channels: 3,
  out_channels: 3,
  down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
};

/** A codebook of two levels. */
export const SMALL_VQ: JsonObject = {
  block_out_channels: [4, 8],
  norm_num_groups: 4,
  latent_channels: 3,
  num_vq_embeddings: 32,
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
  scaling_factor: 0.5,
};

/** The weights of a network as PyTorch initialises them. */
export function smallWeights(
  graphs: readonly Graph[],
  seed: number,
): Record<string, HostTensor> {
  return torchInitialised(graphs, seed);
}

/** The graphs that ask for all weights of a U-Net. */
export function smallUNetGraphs(unet: JsonObject): readonly Graph[] {
  const network = networkReaders.get("UNet2DModel")!(config(unet, "unet"));
  const { inputs } = network.methods.get("forward")!;
  const specs = {
    sample: f32(1, unet.in_channels as number, 8, 8),
    timestep: f32(1),
    ...("class_labels" in inputs
      ? { class_labels: inputs.class_labels!.includes("whole") ? i32(1) : f32(1) }
      : {}),
  };
  return [network.methods.get("forward")!.graph(specs)];
}

/** A folder with weights as PyTorch initialises them. */
export function smallModel(
  { className, unet = {}, vqvae, scheduler, seed }: SmallModelOptions,
): FileSource {
  const denoiser = { ...SMALL_UNET, ...unet };
  const files = new Map<string, string | Uint8Array>();
  const add = (name: string, json: JsonObject, graphs: readonly Graph[]) => {
    files.set(`${name}/config.json`, JSON.stringify(json));
    files.set(
      `${name}/diffusion_pytorch_model.safetensors`,
      writeSafetensors(smallWeights(graphs, seed) as Parameters<typeof writeSafetensors>[0]),
    );
  };
  add("unet", { _class_name: "UNet2DModel", ...denoiser }, smallUNetGraphs(denoiser));
  if (vqvae !== undefined) {
    const stage = networkReaders.get("VQModel")!(config(vqvae, "vqvae")).methods;
    add("vqvae", { _class_name: "VQModel", ...vqvae }, [
      stage.get("encode")!.graph({ x: f32(1, 3, 16, 16) }),
      stage.get("decode")!.graph({ z: f32(1, 3, 8, 8) }),
    ]);
  }
  files.set("scheduler/scheduler_config.json", JSON.stringify(scheduler));
  files.set(
    "model_index.json",
    JSON.stringify({
      _class_name: className,
      scheduler: ["diffusers", scheduler._class_name!],
      unet: ["diffusers", "UNet2DModel"],
      ...(vqvae === undefined ? {} : { vqvae: ["diffusers", "VQModel"] }),
    }),
  );
  return memoryFiles(files, "a small model");
}
