/**
 * What a text-to-image pipeline is asked for and gives back.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { SchedulerConfig } from "../schedulers/scheduler.ts";
import type { GeneratedImage } from "./generated_image.ts";
import type { Model } from "./model.ts";
import type { AutoencoderTilesOptions } from "./tiling/autoencoder_tiles.ts";
import type { AutoencoderCost } from "./tiling/tiling_cost.ts";

/** What a {@linkcode TextToImage} is asked for. */
export interface TextToImageOptions extends AutoencoderTilesOptions {
  /** What the picture shows; several prompts make one picture each. A prompt may be empty. */
  readonly prompt: string | readonly string[];
  /** What guidance leads away from: one for all prompts, or one each. Default empty. */
  readonly negativePrompt?: string | readonly string[];
  /** Denoising steps. Default: the model's own, else 50. */
  readonly steps?: number;
  /** Classifier-free guidance scale (Ho & Salimans 2022); 1 switches it off. Default: the model's own, else 1. */
  readonly guidanceScale?: number;
  /**
   * A whole number from 0; -1 or nothing draws one. One seed draws the noise of all pictures in turn, as diffusers does;
   * a list has one for each picture, which then does not depend on the others.
   */
  readonly seed?: number | readonly number[];
  /** Seed of the noise of the steps. Default: the generator of the first noise goes on. */
  readonly stepSeed?: number;
  /** Width in pixels, a multiple of 8 and of the autoencoder's factor. Default: the model's own. */
  readonly width?: number;
  /** Height in pixels, likewise. */
  readonly height?: number;
  /** Pictures for each prompt. Default 1. */
  readonly count?: number;
  /** A scheduler's name (`ddim`, `euler`), or a configuration. Default: the model's own. */
  readonly scheduler?: string | SchedulerConfig;
  /** The timesteps to evaluate, falling, instead of `steps`; only for schedulers that take them. */
  readonly timesteps?: readonly number[];
  /** The noise levels to step through, falling, instead of `steps`; only for schedulers that take them. */
  readonly sigmas?: readonly number[];
  /** Told the plan before sampling starts. */
  readonly onPlan?: (plan: Plan) => void;
  /** Share of fresh noise in a step of DDIM (Song et al. 2021, equation 16), 0 to 1; other schedulers do not use it. */
  readonly eta?: number;
  /**
   * Guides only from one share of the plan's rows to another, each 0 to 1: `[0.1, 0.8]` leaves out the first tenth and the
   * last fifth, which run without guidance at half the cost (Kynkäänniemi et al. 2024). Default all.
   */
  readonly guidanceInterval?: readonly [from: number, to: number];
  /**
   * Brings the contrast of guided predictions back towards the unguided: 0 (default) not at all, 1 wholly (Lin et al. 2024,
   * section 3.4).
   */
  readonly guidanceRescale?: number;
  /**
   * Layers of CLIP's text encoder left out at the end, for the prompt only: 1 takes the last layer but one. This is
   * diffusers' count; other programs call that 2. Default 0.
   */
  readonly clipSkip?: number;
  /** The initial noise `[pictures, channels, height / f, width / f]` of unit variance, instead of the seed's. */
  readonly latents?: HostTensor;
  /** Ends the work between two steps. */
  readonly signal?: AbortSignal;
  /** Told after each step, when it is done. */
  readonly onStep?: (step: StepEvent) => void | Promise<void>;
  /** Told of what is done otherwise than asked: a prompt that was cut, say. */
  readonly onWarning?: (message: string) => void;
}

/** What {@linkcode TextToImageOptions.onStep} is told. Its methods work until the promise it returns is done. */
export interface StepEvent {
  /** Rows of the plan that are done, from 1. */
  readonly step: number;
  /** Rows of the plan. */
  readonly steps: number;
  /** The timestep that was evaluated, if one was. */
  readonly timestep: number | undefined;
  /** The latents after the step. */
  latents(): Promise<HostTensorOf<"f32">>;
  /** What the denoiser was given, without the copy for guidance. */
  input(): Promise<HostTensorOf<"f32"> | undefined>;
  /** The encoded prompts that the denoiser attends to, `[n, tokens, d]`, or under guidance `[2 n, …]`, the negative ones first. */
  context(): Promise<HostTensorOf<"f32">>;
  /** What the denoiser said, after guidance. */
  prediction(): Promise<HostTensorOf<"f32"> | undefined>;
  /** The finished pictures as the denoiser expects them at this step. Costs a run of the decoder. */
  preview(): Promise<Picture[]>;
}

/** What came out. */
export interface TextToImageResult {
  /** The pictures: those of the first prompt, of the second, … */
  readonly images: readonly GeneratedImage[];
  /** The last latents `[n, c, h, w]`. */
  readonly latents: HostTensorOf<"f32">;
  /** The decoded pictures before rounding to bytes, `[n, 3, height, width]` in 0..1. */
  readonly tensor: HostTensorOf<"f32">;
  /** The seed, given or drawn; the first of a list. */
  readonly seed: number;
  /** How networks were tiled, and what that cost; left out where none can be. */
  readonly cost?: AutoencoderCost;
}

/** A text-to-image model that is ready to draw: what `pipeline("text-to-image", …)` gives. */
export interface TextToImage extends AsyncDisposable {
  /**
   * Draws pictures.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options: TextToImageOptions): Promise<TextToImageResult>;
  /** The model's parts. */
  readonly model: Model;
}
