/**
 * What an image-to-image pipeline is asked for and gives back.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Model } from "./model.ts";
import type { TextToImageOptions, TextToImageResult } from "./text_to_image_options.ts";

/** What an {@linkcode ImageToImage} is asked for: what text to image is asked for, and the pictures to start from. */
export interface ImageToImageOptions
  extends Omit<TextToImageOptions, "width" | "height" | "latents"> {
  /**
   * The picture to start from, or several: then there is one prompt for all or one each, and the pictures have one size, that
   * of the first. Alpha is left out.
   */
  readonly image: Picture | readonly Picture[];
  /**
   * The share of the steps that are run, 0 to 1: how much of the picture gives way to noise. At 1 all are, from the picture at
   * the first noise level, where little of it is left. Default 0.8.
   */
  readonly strength?: number;
  /** Width in pixels that pictures are resized to, a multiple of the autoencoder's factor. Default: their own, rounded down to such. */
  readonly width?: number;
  /** Height in pixels, likewise. */
  readonly height?: number;
  /** The noise `[pictures, channels, height / f, width / f]` of unit variance that is added, instead of the seed's. */
  readonly latents?: HostTensor;
}

/**
 * An image-to-image model that is ready to draw: what `pipeline("image-to-image", …)` gives.
 *
 * @example
 * ```ts
 * import { type Picture, pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("image-to-image", "shapes", { backend: "reference" });
 * // From a file: await decodePicture(await Deno.readFile("in.jpg"))
 * const image: Picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).fill(99) };
 * const { images } = await generate({ image, prompt: "a red circle", strength: 0.5, steps: 2 });
 * images[0]!.width; // 32
 * ```
 */
export interface ImageToImage extends AsyncDisposable {
  /**
   * Draws pictures from pictures.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used, or no step is left at this strength.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options: ImageToImageOptions): Promise<TextToImageResult>;
  /** The model's parts. */
  readonly model: Model;
}
