/**
 * What an unconditional image generator is asked for and gives back.
 *
 * @module
 */
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { SchedulerConfig } from "../schedulers/scheduler.ts";
import type { ClassOptions } from "./class_conditioning.ts";
import type { GeneratedImage } from "./generated_image.ts";
import type { Model } from "./model.ts";
import type { SampleStep } from "./sample_step.ts";
import type { AutoencoderTilesOptions } from "./tiling/autoencoder_tiles.ts";
import type { AutoencoderCost } from "./tiling/tiling_cost.ts";

/** What an {@linkcode Unconditional} is asked for. */
export interface UnconditionalOptions extends ClassOptions, AutoencoderTilesOptions {
  /** Pictures, or pictures of each class. Default 1. */
  readonly count?: number;
  /** Denoising steps. Default: the model's own, else its pipeline's in diffusers: 1000 for `DDPMPipeline`, 50 for others. */
  readonly steps?: number;
  /**
   * A whole number from 0; -1 or nothing draws one. One seed draws the noise of all pictures in turn, as diffusers does;
   * a list has one for each picture, which then does not depend on the others.
   */
  readonly seed?: number | readonly number[];
  /** Seed of the noise of the steps. Default: the generator of the first noise goes on. */
  readonly stepSeed?: number;
  /** Draws the noise of the steps, unit normals of the sample's shape, instead of a generator. */
  readonly drawStep?: () => Float32Array;
  /** Width in pixels. Default: the model's own. */
  readonly width?: number;
  /** Height in pixels. Default: the model's own. */
  readonly height?: number;
  /** A scheduler's name (`ddim`, `ddpm`), or a configuration. Default: the model's own. */
  readonly scheduler?: string | SchedulerConfig;
  /** The timesteps to evaluate, falling, instead of `steps`; only for schedulers that take them. */
  readonly timesteps?: readonly number[];
  /** The noise levels to step through, falling, instead of `steps`; only for schedulers that take them. */
  readonly sigmas?: readonly number[];
  /** Share of fresh noise in a step of DDIM (Song et al. 2021, equation 16), 0 to 1; other schedulers do not use it. */
  readonly eta?: number;
  /** DDIM: derives the noise again from the clipped picture. */
  readonly useClippedModelOutput?: boolean;
  /** The initial noise `[pictures, channels, height / f, width / f]` of unit variance, instead of the seed's. */
  readonly latents?: HostTensor;
  /** Told the plan before sampling starts. */
  readonly onPlan?: (plan: Plan) => void;
  /** Told after each step, when it is done. */
  readonly onStep?: (step: SampleStep) => void | Promise<void>;
  /** Ends the work between two steps. */
  readonly signal?: AbortSignal;
  /** Told of what is done otherwise than asked. */
  readonly onWarning?: (message: string) => void;
}

/** What came out. */
export interface UnconditionalResult {
  /** The pictures: those of the first class, of the second, … */
  readonly images: readonly GeneratedImage[];
  /** The last sample `[n, c, h, w]`: latents, or where the model works on pixels the pictures in -1..1. */
  readonly latents: HostTensorOf<"f32">;
  /** The pictures before rounding to bytes, `[n, 3, height, width]` in 0..1. */
  readonly tensor: HostTensorOf<"f32">;
  /** The seed, given or drawn; the first of a list. */
  readonly seed: number;
  /** How the autoencoder was tiled, and what that cost; left out where there is none. */
  readonly cost?: AutoencoderCost;
}

/** A model that draws from noise and is ready to: what `pipeline("unconditional-image-generation", …)` gives. */
export interface Unconditional extends AsyncDisposable {
  /**
   * Draws pictures.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {SchedulerError} If the scheduler or its steps cannot be used.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options?: UnconditionalOptions): Promise<UnconditionalResult>;
  /** The model's parts. */
  readonly model: Model;
}
