/**
 * What models are for.
 *
 * @module
 */

const TEXT = [
  "text-to-image",
  "image-to-image",
  "inpainting",
  "zero-shot-image-classification",
] as const;
const NOISE = ["unconditional-image-generation", "inpainting"] as const;

/** Tasks by the pipeline's class. A model of a whole distribution also fills holes: RePaint needs nothing else. */
const TASKS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["StableDiffusionPipeline", TEXT],
  ["LDMTextToImagePipeline", TEXT],
  ["StableDiffusionImg2ImgPipeline", ["image-to-image"]],
  ["StableDiffusionInpaintPipeline", ["inpainting", "image-to-image"]],
  ["StableDiffusionUpscalePipeline", ["super-resolution"]],
  ["LDMSuperResolutionPipeline", ["super-resolution"]],
  ["SR3Pipeline", ["super-resolution"]],
  ["LDMInpaintingPipeline", ["inpainting"]],
  ["PalettePipeline", ["inpainting"]],
  ["LDMPipeline", NOISE],
  ["LDMClassToImagePipeline", ["unconditional-image-generation"]],
  ["DDPMPipeline", NOISE],
  ["DDIMPipeline", NOISE],
  ["PNDMPipeline", NOISE],
  ["RePaintPipeline", ["inpainting", "unconditional-image-generation"]],
]);

/** The tasks that models of a class serve; none for a single network. */
export function tasksOf(className: string): readonly string[] {
  return TASKS.get(className) ?? [];
}
