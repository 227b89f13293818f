/**
 * What an original configuration says that weights do not show.
 *
 * @module
 */
import type { Heads } from "./heads.ts";

/** A noise schedule, in diffusers' words. CompVis' `linear` is diffusers' `scaled_linear`. */
export interface OriginalSchedule {
  /** `beta_schedule` */
  readonly kind: "linear" | "scaled_linear" | "squaredcos_cap_v2";
  /** `beta_start` */
  readonly start: number;
  /** `beta_end` */
  readonly end: number;
  /** `num_train_timesteps` */
  readonly steps: number;
  /** `trained_betas`: every beta, where the others do not say them. */
  readonly betas?: readonly number[];
}

/** What weights show too: if the configuration says otherwise, it is another model's. */
export interface VisibleSettings {
  /** Channels that the U-Net takes. */
  readonly inChannels?: number;
  /** Channels of the U-Net's prediction. */
  readonly outChannels?: number;
  /** What the levels have multiples of. */
  readonly modelChannels?: number;
  /** Residual blocks a level. */
  readonly layers?: number;
  /** Multiples of `modelChannels`, a level each. */
  readonly channelMultiples?: readonly number[];
  /** Channels of what the U-Net attends to. */
  readonly contextWidth?: number;
  /** Channels of the latents. */
  readonly embedWidth?: number;
  /** Channels of the first stage's levels. */
  readonly stageChannels?: readonly number[];
}

/** An original configuration. What it leaves out is null. */
export interface OriginalSettings {
  /** The file, for messages. */
  readonly path: string;
  /** Attention heads. */
  readonly heads: Heads | null;
  /** How fused projections are laid out. */
  readonly order: "legacy" | "new" | null;
  /** For each level, whether its attention goes to the context only. */
  readonly crossOnly: readonly boolean[] | null;
  /** Sampling uses the averaged weights, where the file has them. */
  readonly useEma: boolean | null;
  /** What the denoiser predicts. */
  readonly prediction: "epsilon" | "v_prediction" | "sample" | null;
  /** Denoisers see latents times this. */
  readonly scaleFactor: number | null;
  /** The noise schedule. */
  readonly schedule: OriginalSchedule | null;
  /** The noise on the low-resolution picture of an upscaler, and how much there may be. */
  readonly lowResolution: { readonly schedule: OriginalSchedule; readonly maxLevel: number } | null;
  /** Side in latent pixels that the denoiser was trained for. */
  readonly sampleSize: number | null;
  /** Side in pixels that the first stage was trained for. */
  readonly pictureSize: number | null;
  /** Which layer of the text encoder the denoiser attends to. */
  readonly textLayer: "last" | "penultimate" | null;
  /** Groups of every normalisation. */
  readonly groups: number | null;
  /** What weights show too. */
  readonly visible: VisibleSettings;
}

/** Settings that say nothing. */
export const NO_SETTINGS: Omit<OriginalSettings, "path"> = {
  heads: null,
  order: null,
  crossOnly: null,
  useEma: null,
  prediction: null,
  scaleFactor: null,
  schedule: null,
  lowResolution: null,
  sampleSize: null,
  pictureSize: null,
  textLayer: null,
  groups: null,
  visible: {},
};
