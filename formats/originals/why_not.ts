/**
 * Files that are not opened, by what they look like.
 *
 * @module
 */
import type { WeightSource } from "../weight_source.ts";

/** A sign: a name, or the beginning of one that ends with a dot or an underscore, and what it means. */
type Sign = readonly [name: string, reason: string];

const SIGNS: readonly Sign[] = [
  ["conditioner.embedders.", "it looks like Stable Diffusion XL, which is not supported"],
  [
    "model.diffusion_model.label_emb.0.",
    "it looks like a model that is told an image's embedding too, such as unCLIP, which is not supported",
  ],
  [
    "model.diffusion_model.joint_blocks.",
    "it looks like Stable Diffusion 3, which is not supported",
  ],
  ["model.diffusion_model.double_blocks.", "it looks like Flux, which is not supported"],
  ["double_blocks.", "it looks like Flux, which is not supported"],
  ["lora_unet_", "it is a LoRA, which changes a model and is none"],
  ["lora_te_", "it is a LoRA, which changes a model and is none"],
  ["lora_te1_", "it is a LoRA, which changes a model and is none"],
  ["control_model.", "it is a ControlNet, which is not supported"],
  ["controlnet_cond_embedding.", "it is a ControlNet, which is not supported"],
  ["cond_stage_model.channel_mapper.", "it looks like semantic synthesis, which is not supported"],
  ["denoise_fn.time_mlp.", "it looks like SR3's DDPM variant, which is not supported"],
  ["emb_params", "it is a textual inversion, which changes a model and is none"],
  ["string_to_param.", "it is a textual inversion, which changes a model and is none"],
  ["text_model.", "it is a text encoder alone; a model folder has one as text_encoder"],
  ["vision_model.", "it is an image encoder"],
  ["visual.", "it is a whole CLIP model"],
  ["safety_checker.", "it is a safety checker"],
  ["conv_first.", "it looks like an ESRGAN upscaler, which is not supported"],
  ["model.0.weight", "it looks like an ESRGAN upscaler, which is not supported"],
];

/** Names of diffusers' networks: the file is a part of a model folder. */
const DIFFUSERS: readonly Sign[] = [
  ["down_blocks.", "a U-Net"],
  ["encoder.down_blocks.", "a first stage"],
  ["decoder.up_blocks.", "a first stage"],
];

/** Why a file cannot be opened, if it looks like something that is known and not supported. */
export function whyNot({ tensors }: WeightSource): string | undefined {
  if (tensors.size === 0) return "it holds no tensors";
  const names = [...tensors.keys()];
  const shown = ([sign]: Sign) =>
    /[._]$/.test(sign) ? names.some((name) => name.startsWith(sign)) : tensors.has(sign);
  const found = SIGNS.find(shown);
  if (found !== undefined) return `${found[1]} (${found[0]}…)`;
  if (names.some((name) => /\.lora_[AB]\.|\.lora_(up|down)\.|\.hada_w|\.lokr_/.test(name))) {
    return "it is a LoRA, which changes a model and is none";
  }
  const part = DIFFUSERS.find(shown);
  if (part !== undefined) {
    return `it is ${part[1]} with diffusers' names (${
      part[0]
    }…): open the model folder that it belongs to`;
  }
  // A classifier ends in attention pooling or in a linear layer on pooled features, not in a convolution.
  const has = (name: string) => tensors.has(name);
  if (has("input_blocks.0.0.weight") && !has("out.2.weight")) {
    return "it looks like guided-diffusion's classifier, which is not supported";
  }
  const text = (name: string) => name.startsWith("cond_stage_model.");
  if (names.every(text)) return "it is a text encoder alone";
  return undefined;
}
