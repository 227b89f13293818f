/**
 * Tasks by name.
 *
 * @module
 */
import type { FileSource } from "../formats/files.ts";
import { zeroShotImageClassification } from "./classification.ts";
import type { ZeroShotImageClassification } from "./classification_options.ts";
import { imageToImage } from "./image_to_image.ts";
import type { ImageToImage } from "./image_to_image_options.ts";
import { inpainting } from "./inpainting.ts";
import type { Inpainting } from "./inpainting_options.ts";
import type { ModelOptions } from "./model.ts";
import { SettingsError } from "./settings.ts";
import { superResolution } from "./super_resolution.ts";
import type { SuperResolution } from "./super_resolution_options.ts";
import { textToImage } from "./text_to_image.ts";
import type { TextToImage } from "./text_to_image_options.ts";
import { unconditional } from "./unconditional.ts";
import type { Unconditional } from "./unconditional_options.ts";

/** What each task's pipeline is. */
export interface Tasks {
  /** Prompts to pictures. */
  readonly "text-to-image": TextToImage;
  /** Pictures to pictures, under a prompt. */
  readonly "image-to-image": ImageToImage;
  /** Parts of pictures made anew. */
  readonly "inpainting": Inpainting;
  /** Small pictures to large ones. */
  readonly "super-resolution": SuperResolution;
  /** Pictures from noise, or from noise and a class. */
  readonly "unconditional-image-generation": Unconditional;
  /** A picture and labels to the label that fits best. */
  readonly "zero-shot-image-classification": ZeroShotImageClassification;
}

/** Names of tasks. */
export type Task = keyof Tasks;

const OPENERS: {
  readonly [T in Task]: (
    source: string | URL | FileSource,
    options: ModelOptions,
  ) => Promise<Tasks[T]>;
} = {
  "text-to-image": textToImage,
  "image-to-image": imageToImage,
  "inpainting": inpainting,
  "super-resolution": superResolution,
  "unconditional-image-generation": unconditional,
  "zero-shot-image-classification": zeroShotImageClassification,
};

/**
 * Opens a model for a task.
 *
 * @param task `text-to-image`, `image-to-image`, `inpainting`, `super-resolution`,
 * `unconditional-image-generation`, `zero-shot-image-classification`.
 * @param model An embedded model's name (default `shapes`), a diffusers folder by path or URL, or a source of files; and options.
 * @throws {SettingsError} If the task is not known, or the model cannot do it.
 * @throws {ModelError} If the model is not complete or not understood.
 * @throws {FileError} If a file cannot be read.
 *
 * @example
 * ```ts
 * import { pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("text-to-image", "shapes");
 * const { images, seed } = await generate({
 *   prompt: "a red circle above a blue square",
 *   seed: 7,
 *   steps: 2,
 *   width: 32,
 *   height: 32,
 * });
 * const png = await images[0]!.encode(); // or: await images[0]!.save("out.png")
 * ```
 */
export async function pipeline<T extends Task>(
  task: T,
  model: string | URL | FileSource = "shapes",
  options: ModelOptions = {},
): Promise<Tasks[T]> {
  if (!Object.hasOwn(OPENERS, task)) {
    throw new SettingsError(
      `Cannot open a pipeline for ${JSON.stringify(task)}: there are ${
        Object.keys(OPENERS).join(", ")
      }`,
    );
  }
  return await OPENERS[task](model, options);
}
