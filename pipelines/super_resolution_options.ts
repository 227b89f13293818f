/**
 * What a super-resolution pipeline is asked for and gives back.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { Model } from "./model.ts";
import type { SampleStep } from "./sample_step.ts";
import type { TextToImageOptions, TextToImageResult } from "./text_to_image_options.ts";
import type { TilingCost } from "./tiling/tiling_cost.ts";
import type { TileWeighting } from "./tiling/tile_weights.ts";

/** How a large picture is worked on in tiles. */
export interface TileOptions {
  /**
   * Side of a tile of what the denoiser sees: in pixels of the given picture, or for SR3 of the result. A picture that fits in
   * one is not tiled.
   */
  readonly size: number;
  /** How far neighbours overlap, at least. Default: half of the size. */
  readonly overlap?: number;
  /** How tiles fade into each other. Default `product`; `distance` is the original latent diffusion's. */
  readonly weighting?: TileWeighting;
}

/** What a {@linkcode SuperResolution} is asked for. */
export interface SuperResolutionOptions extends
  Pick<
    TextToImageOptions,
    | "steps"
    | "seed"
    | "stepSeed"
    | "scheduler"
    | "timesteps"
    | "sigmas"
    | "count"
    | "negativePrompt"
    | "guidanceScale"
    | "guidanceInterval"
    | "guidanceRescale"
    | "clipSkip"
    | "signal"
    | "onWarning"
  > {
  /**
   * The picture to enlarge, or several of one size; or floats `[n, 3, height, width]` in 0..1, such as another pipeline's
   * `tensor`. Alpha is left out. As in diffusers, sides of pictures are rounded down by resizing: to multiples of 32 for latent
   * diffusion's folders, if they have as much, and of the autoencoder's factor for Stable Diffusion's upscaler.
   */
  readonly image: Picture | readonly Picture[] | HostTensor;
  /** What the picture shows, one text for all or one each; only for models that read text. Default empty. */
  readonly prompt?: string | readonly string[];
  /**
   * Noise that is put on the given picture before it conditions, in steps of the upscaler's low-resolution schedule; the network is
   * told how much it is (conditioning augmentation, Ho et al. 2022, section 4). More of it invents more. Default 20.
   */
  readonly noiseLevel?: number;
  /**
   * The same for models that are not told how much it is: the standard deviation of the noise in a mixture of unit variance, from
   * 0 to below 1. It hides from one stage of a cascade what the stage before it did wrong. Default 0.
   */
  readonly augmentation?: number;
  /** Share of fresh noise in a step of DDIM, 0 to 1. Default 0; 1 for original checkpoints of latent diffusion, as they were sampled. */
  readonly eta?: number;
  /**
   * How many times as wide and high the result is: any number from 1 for models that enlarge by any factor (SR3), whose width and
   * height are then left out; others enlarge by their own factor, and only that can be asked for.
   */
  readonly scale?: number;
  /**
   * Width of the result in pixels, for models that enlarge by any factor (SR3). Default: the model's own on the shorter side, the
   * longer in proportion.
   */
  readonly width?: number;
  /** Height of the result, likewise. */
  readonly height?: number;
  /** The initial noise of unit variance, in the shape of the result's `latents`, instead of the seed's. */
  readonly latents?: HostTensor;
  /**
   * Tiles for denoiser and decoder; `off` for none. Default `auto`: none as long as both fit in `memory`, else the largest
   * tiles that do.
   */
  readonly tiles?: TileOptions | "auto" | "off";
  /**
   * Bytes that the intermediate results of a network may take before `auto` tiles. Default 2 GB. The middle of a decoder, on the
   * side of the latents, is tiled too where it alone takes more; attention then sees one tile at a time, of which a warning tells.
   */
  readonly memory?: number;
  /** Told the plan and what tiling costs, before anything is computed. */
  readonly onPlan?: (plan: Plan, cost: TilingCost) => void;
  /** Told after each step, when it is done. */
  readonly onStep?: (step: SuperResolutionStep) => void | Promise<void>;
}

/** What {@linkcode SuperResolutionOptions.onStep} is told: `input` holds all channels that the denoiser saw. */
export type SuperResolutionStep = SampleStep;

/** What came out. `latents` of models that work on pixels are the pictures in about -1..1. */
export interface SuperResolutionResult extends TextToImageResult {
  /** How it was tiled, and what that cost. */
  readonly cost: TilingCost;
}

/** A super-resolution model that is ready: what `pipeline("super-resolution", …)` gives. */
export interface SuperResolution extends AsyncDisposable {
  /**
   * Enlarges pictures.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options: SuperResolutionOptions): Promise<SuperResolutionResult>;
  /**
   * Checks a call and tells its plan and what tiling costs, without computing anything.
   *
   * @throws {SettingsError} If a setting cannot be used.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used.
   */
  check(
    options: SuperResolutionOptions,
  ): Promise<{ readonly plan: Plan; readonly cost: TilingCost }>;
  /** The model's parts. */
  readonly model: Model;
  /** Whether it reads a prompt. */
  readonly readsText: boolean;
  /** Whether it is told how much noise is on the given picture: whether it takes `noiseLevel` or `augmentation`. */
  readonly isToldNoise: boolean;
}
