/**
 * Whole pipelines: latents after every step, and the picture.
 *
 * @module
 */
import type { TextToImage, TextToImageOptions } from "../pipelines/text_to_image_options.ts";
import type { Comparison } from "./comparison.ts";
import { firstStepOutputs } from "./first_step.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { textCall } from "./text_call.ts";

/** Pipelines of diffusers whose cases run as text to image. */
export const TEXT_TO_IMAGE_PIPELINES: ReadonlySet<unknown> = new Set([
  "LDMTextToImagePipeline",
  "StableDiffusionPipeline",
]);

/** The arguments of a case as options of ours. */
function optionsOf(golden: GoldenCase): TextToImageOptions {
  const call = textCall(golden, { bound: ["latents"] });
  const latents = golden.tensors.get("input.latents");
  return latents === undefined ? call : { ...call, latents };
}

/**
 * Runs a case of the kind `pipeline` as text to image.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not built yet.
 */
export async function runTextToImageCase(
  golden: GoldenCase,
  { generate, exact }: { readonly generate: TextToImage; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await generate({
    ...optionsOf(golden),
    onStep: async (event) => {
      found.set(`output.latents.${event.step - 1}`, (await event.latents()).data);
      if (event.step === 1) await firstStepOutputs(event, { golden, found });
    },
  });
  found.set("output.image", channelsLast(tensor));
  return compareOutputs(golden, { found, exact });
}

/** Runs a case of the kind `pictures`: each picture from its own seed, within two levels. */
export async function runPicturesCase(
  { settings, tensors }: GoldenCase,
  { generate }: { readonly generate: TextToImage },
): Promise<readonly Comparison[]> {
  const prompts = settings.prompts as readonly string[];
  const seeds = settings.seeds as readonly number[];
  const expected = tensors.get("output.images")!;
  const size = expected.data.length / prompts.length;
  const comparisons: Comparison[] = [];
  for (const [at, prompt] of prompts.entries()) {
    const { images } = await generate({
      prompt,
      seed: seeds[at]!,
      steps: settings.steps as number,
      guidanceScale: settings.guidance_scale as number,
    });
    comparisons.push({
      name: `images.${at}`,
      actual: images[0]!.data,
      expected: expected.data.slice(at * size, (at + 1) * size) as Uint8Array,
      bound: 2,
    });
  }
  return comparisons;
}
