/**
 * Whole pipelines that repaint parts of a picture.
 *
 * @module
 */
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import type { Inpainting, InpaintingOptions } from "../pipelines/inpainting_options.ts";
import type { StepEvent } from "../pipelines/text_to_image_options.ts";
import type { Comparison } from "./comparison.ts";
import { firstStepOutputs } from "./first_step.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { boundPictures, textCall } from "./text_call.ts";

/** Pipelines of diffusers whose cases run as inpainting. */
export const INPAINTING_PIPELINES: ReadonlySet<unknown> = new Set([
  "StableDiffusionInpaintPipeline",
]);

type Found = Map<string, ArrayLike<number>>;

/**
 * Runs a case of the kind `pipeline` as inpainting.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not built yet.
 */
export async function runInpaintingCase(
  golden: GoldenCase,
  { generate, exact }: { readonly generate: Inpainting; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const call = textCall(golden, {
    more: { strength: "strength" },
    bound: ["image", "mask_image"],
  });
  const [image, mask] = [boundPictures(golden, "image"), boundPictures(golden, "mask_image")];
  const found: Found = new Map();
  const { tensor, latents, mask: used } = await generate({
    ...call as Omit<InpaintingOptions, "image" | "mask">,
    image,
    mask,
    onStep: async (event) => {
      found.set(`output.latents.${event.step - 1}`, (await event.latents()).data);
      if (event.step !== 1) return;
      await firstStepOutputs(event, { golden, found });
      await maskedOutputs(event, { golden, found });
    },
  });
  const factor = tensor.shape[2]! / latents.shape[2]!;
  const at = { width: call.width!, height: call.height!, scaleFactor: factor };
  const grey = { convert: "grey", normalize: false, binarize: true } as const;
  found.set("output.preprocessed.image", preprocessPictures(image, at).data);
  found.set("output.preprocessed.mask_image", preprocessPictures(mask, { ...at, ...grey }).data);
  found.set("output.mask", repeated(used.data, golden.tensors.get("output.mask")!.data.length));
  found.set("output.image", channelsLast(tensor));
  return compareOutputs(withoutUnused(golden, found), { found, exact });
}

/** The latents of the picture with holes stand behind those of the sample and the mask. */
async function maskedOutputs(
  event: StepEvent,
  { golden, found }: { readonly golden: GoldenCase; readonly found: Found },
): Promise<void> {
  const { shape, data } = (await event.input())!;
  const [n, channels, height, width] = shape as [number, number, number, number];
  if (channels !== 9) return;
  const plane = height * width;
  const latents = Array.from(
    { length: n },
    (_, at) => [...data.subarray((at * channels + 5) * plane, (at + 1) * channels * plane)],
  ).flat();
  const { length } = golden.tensors.get("output.masked_image_latents")!.data;
  found.set("output.masked_image_latents", repeated(latents, length));
}

/** The reference holds both halves of guidance. */
function repeated(data: ArrayLike<number>, length: number): readonly number[] {
  return Array.from({ length }, (_, at) => data[at % data.length]!);
}

/** For a network that is not told of the mask, the reference encodes the picture with holes for nothing; here nobody does. */
function withoutUnused(golden: GoldenCase, found: Found): GoldenCase {
  const unused = "output.masked_image_latents";
  if (found.has(unused)) return golden;
  return { ...golden, tensors: new Map([...golden.tensors].filter(([name]) => name !== unused)) };
}
