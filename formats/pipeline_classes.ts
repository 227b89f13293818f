/**
 * Which pipelines of diffusers are known, and what they are made of.
 *
 * @module
 */

/** A pipeline class: what has to be there, and what may be there without being used. */
export interface PipelineClass {
  /** The classes that each component may have. */
  readonly components: Readonly<Record<string, ComponentClasses>>;
  /** Components that no picture depends on; their folders may be missing. */
  readonly ignored: readonly string[];
}

/**
 * Classes by name, or any that is called `…Scheduler`: schedulers are exchangeable, and which of
 * them are known is not for the reader of folders to say.
 */
export type ComponentClasses = readonly string[] | "any scheduler";

/** What a component of a pipeline is. */
export type ComponentKind = "network" | "scheduler" | "tokenizer";

/** The libraries whose classes may be named. Naming a class never loads code, here or anywhere. */
export const LIBRARIES: readonly string[] = ["diffusers", "transformers", "latent_diffusion"];

const CLIP_TOKENIZER: readonly string[] = ["CLIPTokenizer", "CLIPTokenizerFast"];

const STABLE_DIFFUSION: PipelineClass = {
  components: {
    vae: ["AutoencoderKL"],
    text_encoder: ["CLIPTextModel"],
    tokenizer: CLIP_TOKENIZER,
    unet: ["UNet2DConditionModel"],
    scheduler: "any scheduler",
  },
  ignored: ["safety_checker", "feature_extractor", "image_encoder"],
};

const UNCONDITIONAL: PipelineClass = {
  components: { unet: ["UNet2DModel"], scheduler: "any scheduler" },
  ignored: [],
};

const LATENT_UNCONDITIONAL: PipelineClass = {
  components: {
    vqvae: ["VQModel", "AutoencoderKL"],
    unet: ["UNet2DModel"],
    scheduler: "any scheduler",
  },
  ignored: [],
};

/** Pipelines by their class in diffusers. A map: no name finds what every object has. */
export const PIPELINE_CLASSES: ReadonlyMap<string, PipelineClass> = new Map([
  ["StableDiffusionPipeline", STABLE_DIFFUSION],
  ["StableDiffusionImg2ImgPipeline", STABLE_DIFFUSION],
  ["StableDiffusionInpaintPipeline", STABLE_DIFFUSION],
  ["StableDiffusionUpscalePipeline", {
    components: { ...STABLE_DIFFUSION.components, low_res_scheduler: "any scheduler" },
    ignored: [...STABLE_DIFFUSION.ignored, "watermarker"],
  }],
  ["LDMTextToImagePipeline", {
    components: {
      vqvae: ["VQModel", "AutoencoderKL"],
      bert: ["LDMBertModel"],
      tokenizer: ["BertTokenizer", "BertTokenizerFast"],
      unet: ["UNet2DConditionModel"],
      scheduler: "any scheduler",
    },
    ignored: [],
  }],
  ["LDMSuperResolutionPipeline", LATENT_UNCONDITIONAL],
  ["LDMPipeline", LATENT_UNCONDITIONAL],
  ["DDPMPipeline", UNCONDITIONAL],
  ["DDIMPipeline", UNCONDITIONAL],
  ["PNDMPipeline", UNCONDITIONAL],
  ["RePaintPipeline", UNCONDITIONAL],
]);

/** What a class is, by its name. */
export function componentKind(className: string): ComponentKind {
  if (className.endsWith("Scheduler")) return "scheduler";
  return /Tokenizer(Fast)?$/.test(className) ? "tokenizer" : "network";
}

/** Whether a component may have a class. */
export function admits(classes: ComponentClasses, className: string): boolean {
  return classes === "any scheduler"
    ? /^[A-Z]\w*Scheduler$/.test(className)
    : classes.includes(className);
}
