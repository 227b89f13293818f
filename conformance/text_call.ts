/**
 * What a case of a pipeline that draws from text was called with.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { TextToImageOptions } from "../pipelines/text_to_image_options.ts";
import type { GoldenCase } from "./golden_case.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Arguments of every such pipeline, and what they are called here. */
const ARGUMENTS = {
  prompt: "prompt",
  negative_prompt: "negativePrompt",
  num_inference_steps: "steps",
  guidance_scale: "guidanceScale",
  height: "height",
  width: "width",
  eta: "eta",
  num_images_per_prompt: "count",
  guidance_rescale: "guidanceRescale",
  clip_skip: "clipSkip",
} as const satisfies Readonly<Record<string, keyof TextToImageOptions>>;

/**
 * The arguments of a case as options of ours.
 *
 * @param task The arguments that its pipeline takes besides, with our names, and those that stand for tensors.
 * @throws {UnsupportedCaseError} If it has one that is not known.
 */
export function textCall(
  { settings }: GoldenCase,
  task: {
    readonly more?: Readonly<Record<string, string>>;
    readonly bound?: readonly string[];
  } = {},
): Omit<TextToImageOptions, "latents" | "onStep"> {
  const names: Readonly<Record<string, string>> = { ...ARGUMENTS, ...task.more };
  const call = settings.call as Readonly<Record<string, unknown>>;
  const options = Object.entries(call).map(([name, value]) => {
    if (!Object.hasOwn(names, name)) throw new UnsupportedCaseError(`the argument ${name}`);
    return [names[name]!, value] as const;
  });
  for (const name of Object.keys(settings.bind as Readonly<Record<string, unknown>>)) {
    if (task.bound?.includes(name) !== true) {
      throw new UnsupportedCaseError(`the argument ${name}`);
    }
  }
  const draws = (settings.result as { draws?: readonly { readonly stream: string }[] }).draws ?? [];
  return {
    ...(Object.fromEntries(options) as unknown as Pick<TextToImageOptions, "prompt">),
    seed: settings.generator_seed as number | readonly number[],
    // LDM pipelines draw the steps' noise from torch's default generator.
    ...(draws.some(({ stream }) => stream === "global")
      ? { stepSeed: settings.global_seed as number }
      : {}),
    scheduler: settings.scheduler as Readonly<Record<string, unknown>>,
  };
}

/**
 * A picture or several that an argument stands for: `[h, w]`, `[h, w, 3]` or `[n, h, w, 3]` of bytes.
 *
 * @throws {UnsupportedCaseError} If it is handed over in another form.
 */
export function boundPictures(
  { settings, tensors }: GoldenCase,
  argument: string,
): readonly Picture[] {
  const bind = settings.bind as Readonly<Record<string, readonly [name: string, form: string]>>;
  const [name, form] = bind[argument]!;
  if (form !== "pil" && form !== "pils") throw new UnsupportedCaseError(`pictures as ${form}`);
  return pictures(tensors.get(name)!, { several: form === "pils" });
}

/** Pictures of a tensor of bytes. */
export function pictures(
  { shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  { several }: { readonly several: boolean },
): readonly Picture[] {
  const [height, width, channels = 1] = (several ? shape.slice(1) : shape) as [
    number,
    number,
    Picture["channels"]?,
  ];
  const bytes = Uint8Array.from(data);
  const size = height * width * channels;
  return Array.from({ length: bytes.length / size }, (_, at) => ({
    width,
    height,
    channels,
    data: bytes.slice(at * size, (at + 1) * size),
  }));
}
