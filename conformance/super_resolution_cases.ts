/**
 * Super-resolution: what the denoiser was given and said first, latents after every step, and the picture.
 *
 * @module
 */
import { type HostTensor, hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { readLowResolution } from "../pipelines/low_resolution_image.ts";
import { superResolutionFamily } from "../pipelines/super_resolution_family.ts";
import type {
  SuperResolution,
  SuperResolutionOptions,
} from "../pipelines/super_resolution_options.ts";
import type { Comparison } from "./comparison.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { boundPictures, textCall } from "./text_call.ts";

/** Pipelines of diffusers whose cases run as super-resolution. */
export const SUPER_RESOLUTION_PIPELINES: ReadonlySet<unknown> = new Set([
  "LDMSuperResolutionPipeline",
  "StableDiffusionUpscalePipeline",
]);

/**
 * Runs a case of the kind `pipeline` as super-resolution.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not known.
 */
export async function runSuperResolutionCase(
  golden: GoldenCase,
  { enlarge, exact }: { readonly enlarge: SuperResolution; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const { tensors } = golden;
  const call = textCall(golden, { more: { noise_level: "noiseLevel" }, bound: ["image"] });
  const options: SuperResolutionOptions = {
    ...call as Omit<SuperResolutionOptions, "image">,
    image: givenImage(golden),
  };
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await enlarge({
    ...options,
    async onStep(step) {
      const at = step.step - 1;
      found.set(`output.latents.${at}`, (await step.latents()).data);
      if (at > 0) return;
      const input = (await step.input())!.data;
      const copies = tensors.get("output.unet_input.0")!.data.length / input.length;
      const repeated = Array.from({ length: copies }, () => [...input]).flat();
      found.set("output.unet_input.0", repeated);
      found.set("output.model_output.0", (await step.prediction())!.data);
    },
  });
  found.set("output.image", channelsLast(tensor));
  if (tensors.has("output.preprocessed.image")) {
    const family = await superResolutionFamily(enlarge.model);
    found.set("output.preprocessed.image", readLowResolution(options, family).data);
  }
  return compareOutputs(golden, { found, exact });
}

/** Pictures as such, and what the reference was given as a tensor of bytes over 255 as a tensor. */
function givenImage(golden: GoldenCase): SuperResolutionOptions["image"] {
  const bind = golden.settings.bind as Readonly<Record<string, readonly [string, string]>>;
  const [name, form] = bind.image!;
  if (form === "signed") return unitTensor(golden.tensors.get(name)!);
  return boundPictures(golden, "image");
}

/** `[n, h, w, 3]` of bytes to `[n, 3, h, w]` in 0..1. */
export function unitTensor({ shape, data }: HostTensor): HostTensorOf<"f32"> {
  const [height, width, channels] = shape.slice(-3) as [number, number, number];
  const plane = height * width;
  const n = data.length / (plane * channels);
  const moved = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const [pixel, c] = [Math.floor(at / channels), at % channels];
    const [image, within] = [Math.floor(pixel / plane), pixel % plane];
    moved[(image * channels + c) * plane + within] = data[at]! / 255;
  }
  return hostTensor([n, channels, height, width], moved);
}
