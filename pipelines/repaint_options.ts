/**
 * What RePaint is asked for and gives back.
 *
 * @module
 */
import type { SchedulerConfig } from "../schedulers/scheduler.ts";
import type { GivenImages } from "./kept_region.ts";
import type { TextToImageOptions } from "./text_to_image_options.ts";
import type { UnconditionalOptions, UnconditionalResult } from "./unconditional_options.ts";

/** What {@linkcode repaint} is asked for. */
export interface RepaintOptions extends
  Omit<
    UnconditionalOptions,
    "timesteps" | "sigmas" | "useClippedModelOutput"
  >,
  Partial<
    Pick<TextToImageOptions, "prompt" | "negativePrompt" | "guidanceRescale" | "clipSkip">
  > {
  /**
   * The picture, or several, which get one size, that of the first; alpha is left out. Or a tensor `[n, channels, height, width]`
   * in 0..1, such as results have.
   */
  readonly image: GivenImages;
  /**
   * What of the picture is kept, white or 1, and what is made, black or 0: this is RePaint's mask, the opposite of Stable
   * Diffusion's. A picture is cut at one half; a tensor `[1 or n, 1, height, width]` in 0..1 may have soft edges. One for all
   * pictures, or one each.
   */
  readonly keepMask: GivenImages;
  /** Denoising steps without those that are made again. Default 250, or as many as the model was trained with. */
  readonly steps?: number;
  /** How many steps a jump goes back (Lugmayr et al. 2022, section 4.2). Default 10. */
  readonly jumpLength?: number;
  /** How often each part is sampled; 1 is without jumps. Default 10. */
  readonly jumpNSample?: number;
  /**
   * A sampler's name, or a configuration. Default `RePaintScheduler`, which makes DDIM's steps, where the model predicts noise
   * alone; else DDPM. In every sampler but RePaint's own the jumps are those of its authors' code; its steps must stand alone.
   */
  readonly scheduler?: string | SchedulerConfig;
  /** Width in pixels that pictures are resized to. Default: their own, rounded down to what the model takes. */
  readonly width?: number;
  /** Height in pixels, likewise. */
  readonly height?: number;
  /**
   * Puts the given picture over the result where it is kept. Default: where it is not there already, because it went through an
   * autoencoder or the sampler only leads towards it.
   */
  readonly paste?: boolean;
}

/** What came out: `latents` is the last sample, before anything is pasted. */
export type RepaintResult = UnconditionalResult;
