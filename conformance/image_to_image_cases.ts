/**
 * Whole pipelines that start from a picture.
 *
 * @module
 */
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import type { ImageToImage, ImageToImageOptions } from "../pipelines/image_to_image_options.ts";
import type { Comparison } from "./comparison.ts";
import { firstStepOutputs } from "./first_step.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { boundPictures, textCall } from "./text_call.ts";

/** Pipelines of diffusers whose cases run as image to image. */
export const IMAGE_TO_IMAGE_PIPELINES: ReadonlySet<unknown> = new Set([
  "StableDiffusionImg2ImgPipeline",
]);

/**
 * Runs a case of the kind `pipeline` as image to image.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not built yet.
 */
export async function runImageToImageCase(
  golden: GoldenCase,
  { generate, exact }: { readonly generate: ImageToImage; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const call = textCall(golden, { more: { strength: "strength" }, bound: ["image"] });
  const image = boundPictures(golden, "image");
  const found = new Map<string, ArrayLike<number>>();
  const { tensor, latents } = await generate({
    ...call as Omit<ImageToImageOptions, "image">,
    image,
    onStep: async (event) => {
      found.set(`output.latents.${event.step - 1}`, (await event.latents()).data);
      if (event.step === 1) await firstStepOutputs(event, { golden, found });
    },
  });
  const factor = tensor.shape[2]! / latents.shape[2]!;
  const prepared = preprocessPictures(image, { scaleFactor: factor, convert: "rgb" });
  found.set("output.preprocessed.image", prepared.data);
  found.set("output.image", channelsLast(tensor));
  return compareOutputs(golden, { found, exact });
}
