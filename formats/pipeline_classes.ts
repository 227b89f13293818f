/**
 * Which pipelines are known, and what they are made of.
 *
 * @module
 */

/** A pipeline class: what has to be there, and what may be there without being used. */
export interface PipelineClass {
  /** The classes that each component may have. */
  readonly components: Readonly<Record<string, ComponentClasses>>;
  /** Components that no picture depends on; their folders may be missing. */
  readonly ignored: readonly string[];
  /** Whether the class is this library's: diffusers has no pipeline for such models. */
  readonly own?: true;
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

/** Models of original programs, as folders that diffusers would write if it had a pipeline for them. */
const OWN: readonly (readonly [string, PipelineClass])[] = [
  ["LDMClassToImagePipeline", {
    components: {
      vqvae: ["VQModel", "AutoencoderKL"],
      class_embedder: ["ClassEmbedder"],
      unet: ["UNet2DConditionModel"],
      scheduler: "any scheduler",
    },
    ignored: [],
    own: true,
  }],
  ["LDMInpaintingPipeline", { ...LATENT_UNCONDITIONAL, own: true }],
  ["SR3Pipeline", { ...UNCONDITIONAL, own: true }],
  ["PalettePipeline", { ...UNCONDITIONAL, own: true }],
];

/** Pipelines by their class. A map: no name finds what every object has. */
export const PIPELINE_CLASSES: ReadonlyMap<string, PipelineClass> = new Map<string, PipelineClass>([
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
  ...OWN,
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
