/**
 * Which pipeline an original model is for.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import type { OriginalModel } from "./original_model.ts";
import type { Recognised } from "./recognise.ts";

/** A pipeline's class and what it calls the first stage. */
export interface OriginalPipeline {
  /** Null for a file that holds one network: its class is the network's. */
  readonly className: string | null;
  /** The first stage's name; null if it depends on its class, or there is none. */
  readonly firstStage: "vae" | "vqvae" | null;
  /** What its text encoder was trained with. */
  readonly tokenizer: OriginalModel["tokenizer"];
  /** Settings that decide what the network is given. */
  readonly settings: JsonObject;
}

const NOTHING = { tokenizer: null, settings: {} } as const;
const CLIP = { firstStage: "vae", tokenizer: "CLIPTokenizer", settings: {} } as const;

/** The pipeline of a recognised model. */
export function pipelineOf({ kind }: Recognised): OriginalPipeline {
  switch (kind) {
    case "stable-diffusion":
      return { className: "StableDiffusionPipeline", ...CLIP };
    case "stable-diffusion-inpainting":
      return { className: "StableDiffusionInpaintPipeline", ...CLIP };
    case "stable-diffusion-upscaling":
      return { className: "StableDiffusionUpscalePipeline", ...CLIP };
    case "ldm-text-to-image":
      return {
        className: "LDMTextToImagePipeline",
        firstStage: "vqvae",
        tokenizer: "BertTokenizer",
        settings: {},
      };
    case "ldm-class-to-image":
      return { className: "LDMClassToImagePipeline", firstStage: "vqvae", ...NOTHING };
    case "ldm-unconditional":
      return { className: "LDMPipeline", firstStage: "vqvae", ...NOTHING };
    case "ldm-super-resolution":
      // diffusers' pipeline scales the picture with the latents; the original does not, and samples with fresh noise in each step.
      return {
        className: "LDMSuperResolutionPipeline",
        firstStage: "vqvae",
        tokenizer: null,
        settings: { scale_image: false, default_eta: 1 },
      };
    case "ldm-inpainting":
      return { className: "LDMInpaintingPipeline", firstStage: "vqvae", ...NOTHING };
    case "autoencoder":
      return { className: null, firstStage: null, ...NOTHING };
    case "adm":
      return { className: "DDPMPipeline", firstStage: null, ...NOTHING };
    case "sr3":
      // The network's "timestep" is the square root of the cumulative alpha; Palette's is the cumulative alpha.
      return {
        className: "SR3Pipeline",
        firstStage: null,
        tokenizer: null,
        settings: { time_input: "sqrt_alphas_cumprod" },
      };
    case "palette":
      return {
        className: "PalettePipeline",
        firstStage: null,
        tokenizer: null,
        settings: { time_input: "alphas_cumprod" },
      };
  }
}
