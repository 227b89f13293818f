/**
 * What an inpainting pipeline is asked for and gives back.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import type { ClassOptions } from "./class_conditioning.ts";
import type { ImageToImageOptions } from "./image_to_image_options.ts";
import type { Model } from "./model.ts";
import type { TextToImageOptions, TextToImageResult } from "./text_to_image_options.ts";

/**
 * How a mask comes to the size of the latents: `nearest` takes the upper left pixel of each cell, as the reference does, so that
 * thin lines may vanish; with `max` a cell is repainted if any of its pixels is; `mean` is for soft masks.
 */
export type MaskReduction = "nearest" | "max" | "mean";

/** What an {@linkcode Inpainting} is asked for: what image to image is asked for, and what is repainted. */
export interface InpaintingOptions
  extends
    Omit<ImageToImageOptions, "prompt" | "strength">,
    Pick<ClassOptions, "classLabels" | "unconditionalLabel"> {
  /** What the picture shows; several prompts make one picture each. Left out for a model that reads no text. */
  readonly prompt?: TextToImageOptions["prompt"];
  /** What is repainted: white is, black is kept. One for all pictures, or one each; resized to the picture. */
  readonly mask: Picture | readonly Picture[];
  /** Repaints what is black in the mask instead. */
  readonly invertMask?: boolean;
  /** Grey in the mask blends old and new, in proportion. Otherwise it is cut at half (default). */
  readonly softMask?: boolean;
  /** How the mask comes to the size of the latents. Default `nearest`, for soft masks `mean`. */
  readonly maskReduction?: MaskReduction;
  /**
   * Puts what was made into the given picture, whose other pixels come back bit for bit, in their own size if no other was asked
   * for. Otherwise all pixels are the autoencoder's. Default: with `crop`; with RePaint and Palette; where the original model's
   * own program does; and for a soft mask that the network cannot be told.
   */
  readonly composite?: boolean;
  /**
   * Repaints only the part around the mask, with so many pixels of its surroundings on each side, at the model's full size (or
   * `width` and `height`), and puts it back into the picture in its own size.
   */
  readonly crop?: number;
  /**
   * `repaint`: RePaint goes back to more noise again and again, so that what is made comes to fit what is kept (Lugmayr et al.
   * 2022): slow, and for models that are not told of the mask. Default: the model is told of the mask, or else what is kept is
   * blended in after each step; a model that draws from noise alone has RePaint, and Palette's models their own way (Saharia et
   * al. 2022).
   */
  readonly method?: "repaint";
  /** RePaint: how many steps a jump goes back. Default 10. */
  readonly jumpLength?: number;
  /** RePaint: how often each part is sampled. Default 10. */
  readonly jumpNSample?: number;
  /**
   * The share of the steps that are run, 0 to 1. Below 1 the repainted part starts from what the picture had there. Default 1:
   * from noise alone.
   */
  readonly strength?: number;
}

/** What came out. */
export interface InpaintingResult extends TextToImageResult {
  /** What was repainted, in latent pixels `[n, 1, h, w]`: 1 where it was. */
  readonly mask: HostTensorOf<"f32">;
}

/**
 * An inpainting model that is ready to draw: what `pipeline("inpainting", …)` gives.
 *
 * @example
 * ```ts
 * import { type Picture, pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("inpainting", "shapes", { backend: "reference" });
 * const image: Picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).fill(99) };
 * const mask: Picture = { width: 32, height: 32, channels: 1, data: new Uint8Array(1024) };
 * mask.data.fill(255, 512); // the lower half is made anew
 * const { images } = await generate({ image, mask, prompt: "a red circle", steps: 2, composite: true });
 * images[0]!.data[0]; // 99
 * ```
 */
export interface Inpainting extends AsyncDisposable {
  /**
   * Repaints parts of pictures. The result's `tensor` is what the autoencoder decoded, before it is put into the picture.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used, or no step is left at this strength.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options: InpaintingOptions): Promise<InpaintingResult>;
  /** The model's parts. */
  readonly model: Model;
}
