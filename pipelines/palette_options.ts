/**
 * What Palette is asked for and gives back.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { SchedulerConfig } from "../schedulers/scheduler.ts";
import type { GivenImages } from "./kept_region.ts";
import type { UnconditionalOptions, UnconditionalResult } from "./unconditional_options.ts";

/** What {@linkcode palette} is asked for. */
export interface PaletteOptions extends
  Pick<
    UnconditionalOptions,
    "count" | "seed" | "stepSeed" | "drawStep" | "eta" | "onPlan" | "onStep" | "signal"
  > {
  /**
   * The picture, or several, which get one size, that of the first; alpha is left out. Or a tensor `[n, channels, height, width]`
   * in 0..1, such as results have. To colour a grey picture give it as it is.
   */
  readonly image: GivenImages;
  /**
   * For inpainting and uncropping: what of the picture is kept, white or 1, and what is made, black or 0. A picture is cut at one
   * half; a tensor `[1 or n, 1, height, width]` in 0..1 may have soft edges. Without one the whole picture is made anew from the
   * given one, as in colorization.
   */
  readonly keepMask?: GivenImages;
  /** Denoising steps. Default: as many as the model's schedule has. */
  readonly steps?: number;
  /** A sampler's name, or a configuration. Default: the model's own, DDPM. */
  readonly scheduler?: string | SchedulerConfig;
  /** Width in pixels that pictures are resized to. Default: their own, rounded down to what the model takes. */
  readonly width?: number;
  /** Height in pixels, likewise. */
  readonly height?: number;
  /** The noise `[pictures, channels, height, width]` that the network sees in the hole of the given picture, instead of the seed's. */
  readonly holeNoise?: HostTensor;
  /**
   * The first sample `[pictures, channels, height, width]`. Default: with a mask the given picture with noise in its hole, as the
   * network sees it; without one noise.
   */
  readonly latents?: HostTensor;
}

/** What came out. */
export type PaletteResult = UnconditionalResult;
