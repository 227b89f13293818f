/**
 * What a classifier is asked for and gives back.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { SchedulerConfig } from "../schedulers/scheduler.ts";
import type { ClassifiedImage } from "./classification/picture_input.ts";
import type { Loss } from "./classification/prediction_error.ts";
import type { BenchmarkName } from "./classification/presets.ts";
import type { ClassificationState } from "./classification/state.ts";
import type { Model } from "./model.ts";

/** What a {@linkcode ZeroShotImageClassification} is asked for. */
export interface ClassificationOptions {
  /**
   * The picture: its short side is resized to `size` and the middle cut out. Or a tensor `[1, 3, height, width]` in -1..1,
   * which is taken as it is.
   */
  readonly image: ClassifiedImage;
  /** The names to choose from. */
  readonly labels: readonly string[];
  /**
   * What a picture of a label is called; `{}` stands for the label. Several give each label several prompts, of which the best
   * counts. Default: the preset's, else `a photo of a {}.`.
   */
  readonly template?: string | readonly string[];
  /** Each label's prompt or prompts, instead of the template. */
  readonly prompts?: readonly (string | readonly string[])[];
  /** The settings of one of the paper's benchmarks: template, stages and loss. What else is given goes before. */
  readonly preset?: BenchmarkName;
  /**
   * Timesteps at which a prompt is compared at the end of each stage. They are spaced evenly; more of them cost more and
   * decide better. Default: 10 and 50 with more than five prompts, else 50.
   */
  readonly nSamples?: number | readonly number[];
  /** Prompts that each stage leaves, at most; the last leaves one. Default: 5 and 1, or 1. */
  readonly toKeep?: number | readonly number[];
  /** What is averaged of the predicted noise's difference from the noise. Default: the preset's, else `l2`. */
  readonly loss?: Loss;
  /** Evaluations of each prompt at each timestep, each with another noise. Default 1. */
  readonly trials?: number;
  /**
   * Of the noise, which is the same for all prompts: a whole number from 0; -1 or nothing draws one. The same seed gives every
   * picture the same noise.
   */
  readonly seed?: number;
  /**
   * The noise itself, unit normals `[n, c, h, w]` of the latents' sizes: those of the first timestep that is evaluated, one a
   * trial, of the second, … At least as many as the evaluations of a prompt.
   */
  readonly noise?: HostTensor;
  /** Side in pixels that pictures are brought to, a multiple of the autoencoder's factor. Default: the model's own. */
  readonly size?: number;
  /** A scheduler whose noise schedule and prediction type are those of the model. Default: the model's own. */
  readonly scheduler?: string | SchedulerConfig;
  /** What mean errors are divided by before the softmax: lower ones spread scores more. Default 1. */
  readonly temperature?: number;
  /** Evaluations in a batch, at most. Default: as many as `memory` allows, but 16. */
  readonly batchSize?: number;
  /** Bytes that the denoiser's intermediate results may take on the device, about. Default 2^29. */
  readonly memory?: number;
  /** An evaluation that was broken off: goes on after it. All settings must be the same; the seed is the state's. */
  readonly resume?: ClassificationState;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignal;
  /** Told after each batch, when it is done. */
  readonly onStep?: (event: ClassificationEvent) => void | Promise<void>;
  /** Told of what is done otherwise than asked: a prompt that was cut, say. */
  readonly onWarning?: (message: string) => void;
}

/** How far the work is. */
export interface ClassificationEvent {
  /** Evaluations that are done. */
  readonly step: number;
  /** Evaluations in all. */
  readonly steps: number;
  /** The stage, from 1. */
  readonly stage: number;
  /** Stages in all. */
  readonly stages: number;
  /** Labels that are still compared. */
  readonly remaining: readonly string[];
  /** All that is known so far, to store and to give back as `resume`. */
  state(): ClassificationState;
}

/** A label and how well it explains the picture. */
export interface LabelScore {
  /** As it was given. */
  readonly label: string;
  /** Share of 1: the softmax of the negative mean error, over the evaluations that it shares with the best. */
  readonly score: number;
  /** The mean error of its best prompt, over all its evaluations. */
  readonly error: number;
}

/** The errors of a prompt. */
export interface PromptErrors {
  /** What the picture was said to be. */
  readonly prompt: string;
  /** The label that it stands for. */
  readonly label: string;
  /** The timestep of each error, in the order of evaluation. */
  readonly timesteps: readonly number[];
  /** The mean loss of the predicted noise at each; one a trial. */
  readonly errors: Float32Array;
  /** The stage after which it was left out, from 1; the last stage for the best prompt. */
  readonly stage: number;
}

/** What came out. */
export interface ClassificationResult {
  /** The best label. */
  readonly label: string;
  /** All labels, best first. */
  readonly labels: readonly LabelScore[];
  /** All prompts, in the order of the labels. */
  readonly prompts: readonly PromptErrors[];
  /** Evaluations of the denoiser. */
  readonly evaluations: number;
  /** The seed, given or drawn. */
  readonly seed: number;
}

/**
 * A text-to-image model that tells what a picture shows: what `pipeline("zero-shot-image-classification", …)` gives.
 *
 * @example
 * ```ts
 * import { hostTensor, pipeline } from "@denoise/denoise";
 * import { assertEquals } from "@std/assert";
 *
 * await using classify = await pipeline("zero-shot-image-classification", "shapes", {
 *   backend: "reference",
 * });
 * const image = hostTensor([1, 3, 32, 32], new Float32Array(3 * 32 * 32).fill(-1)); // or a picture
 * const { labels, evaluations } = await classify({
 *   image,
 *   labels: ["black", "white"],
 *   template: "a {} circle",
 *   nSamples: 1, // timesteps: few, for an example
 *   toKeep: 1,
 *   seed: 7,
 * });
 * assertEquals(labels.length, 2); // the best first, with scores
 * assertEquals(evaluations, 2);
 * ```
 */
export interface ZeroShotImageClassification extends AsyncDisposable {
  /**
   * Compares a picture with labels.
   *
   * @throws {SettingsError} If a setting cannot be used; nothing is computed then.
   * @throws {NonFiniteError} If a network overflowed.
   * @throws The signal's reason, if it is aborted.
   */
  (options: ClassificationOptions): Promise<ClassificationResult>;
  /** The model's parts. */
  readonly model: Model;
}
