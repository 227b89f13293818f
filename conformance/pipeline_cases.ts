/**
 * Whole pipelines: latents after every step, and the picture.
 *
 * @module
 */
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import type { TextToImage, TextToImageOptions } from "../pipelines/text_to_image_options.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { HALF } from "./onnx_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Pipelines of diffusers whose cases run as text to image. */
export const TEXT_TO_IMAGE_PIPELINES: ReadonlySet<unknown> = new Set([
  "LDMTextToImagePipeline",
  "StableDiffusionPipeline",
]);

/** A pipeline's arguments that are understood; a case with another one is not supported. */
const ARGUMENTS: ReadonlySet<string> = new Set([
  "prompt",
  "negative_prompt",
  "num_inference_steps",
  "guidance_scale",
  "height",
  "width",
  "eta",
  "num_images_per_prompt",
  "guidance_rescale",
  "clip_skip",
]);

/** The arguments of a case as options of ours. */
function optionsOf({ settings, tensors }: GoldenCase): TextToImageOptions {
  const call = settings.call as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(call)) {
    if (!ARGUMENTS.has(name)) throw new UnsupportedCaseError(`the argument ${name}`);
  }
  const bind = settings.bind as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(bind)) {
    if (name !== "latents") throw new UnsupportedCaseError(`the argument ${name}`);
  }
  const prompt = call.prompt as string | readonly string[];
  const latents = bind.latents === undefined ? undefined : tensors.get("input.latents")!;
  const draws = (settings.result as { draws?: readonly { readonly stream: string }[] }).draws ?? [];
  return {
    prompt,
    seed: settings.generator_seed as number | readonly number[],
    // LDM pipelines draw the steps' noise from torch's default generator.
    ...(draws.some(({ stream }) => stream === "global")
      ? { stepSeed: settings.global_seed as number }
      : {}),
    ...(latents === undefined ? {} : { latents }),
    ...(call.negative_prompt === undefined
      ? {}
      : { negativePrompt: call.negative_prompt as string }),
    ...(call.num_inference_steps === undefined
      ? {}
      : { steps: call.num_inference_steps as number }),
    ...(call.guidance_scale === undefined ? {} : { guidanceScale: call.guidance_scale as number }),
    ...(call.height === undefined ? {} : { height: call.height as number }),
    ...(call.width === undefined ? {} : { width: call.width as number }),
    ...(call.eta === undefined ? {} : { eta: call.eta as number }),
    ...(call.num_images_per_prompt === undefined
      ? {}
      : { count: call.num_images_per_prompt as number }),
    ...(call.guidance_rescale === undefined
      ? {}
      : { guidanceRescale: call.guidance_rescale as number }),
    ...(call.clip_skip === undefined ? {} : { clipSkip: call.clip_skip as number }),
    scheduler: settings.scheduler as Readonly<Record<string, unknown>>,
  };
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
  const { tensors } = golden;
  const errors = recordedErrors(golden);
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await generate({
    ...optionsOf(golden),
    onStep: async (event) => {
      const at = event.step - 1;
      found.set(`output.latents.${at}`, (await event.latents()).data);
      const input = await event.input();
      if (at !== 0 || input === undefined) return;
      const copies = tensors.get("output.unet_input.0")!.data.length / input.data.length;
      found.set(
        "output.unet_input.0",
        Array.from({ length: copies }, () => [...input.data]).flat(),
      );
      found.set("output.encoder_hidden_states", (await event.context()).data);
      found.set("output.model_output.0", (await event.prediction())!.data);
    },
  });
  found.set("output.image", channelsLast(tensor));
  return [...tensors].filter(([name]) => name.startsWith("output.")).map(([name, expected]) => {
    const actual = found.get(name);
    if (actual === undefined) throw new UnsupportedCaseError(name);
    const m = magnitude(expected.data);
    const bound = golden.settings.precision === "float16"
      ? HALF * m
      : boundOf("sampling", { error: errors.get(name)?.[0] ?? 0, magnitude: m, exact });
    return { name, actual, expected: expected.data, bound };
  });
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

/** `[n, c, h, w]` to `[n, h, w, c]` */
function channelsLast({ shape, data }: HostTensorOf<"f32">): Float32Array {
  const [n, c, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const moved = new Float32Array(data.length);
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < plane; pixel++) {
        moved[(image * plane + pixel) * c + channel] = data[(image * c + channel) * plane + pixel]!;
      }
    }
  }
  return moved;
}
