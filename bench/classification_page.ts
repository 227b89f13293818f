/**
 * The page of `classification.ts`: measured numbers as text and tables.
 *
 * @module
 */
import { CLASSIFICATION_PRESETS, countEvaluations, eliminationStages } from "../mod.ts";

/** Right answers of a way to decide. */
export interface Decision {
  /** Scenes that were answered right. */
  readonly right: number;
  /** Evaluations of the denoiser for a scene. */
  readonly evaluations: number;
}

/** How one question went. */
export interface MeasuredQuestion {
  readonly kind: string;
  /** Answers to choose from. */
  readonly labels: number;
  readonly scenes: number;
  /** At t = 500 alone. */
  readonly single: Decision;
  readonly few: Decision;
  readonly stages: Decision;
  readonly every: Decision;
  /** Median time of a scene at every timestep. */
  readonly seconds: number;
}

/** How long a backend took. */
export interface BackendTime {
  readonly backend: string;
  /** Of a scene. */
  readonly evaluations: number;
  /** Seconds of the first scene, compiling included. */
  readonly first: number;
  /** Seconds of a later one, the faster of two. */
  readonly seconds: number;
}

/** Everything that was measured. */
export interface MeasuredClassification {
  readonly backend: string;
  readonly cores: number;
  readonly timesteps: number;
  readonly questions: readonly MeasuredQuestion[];
  readonly times: readonly BackendTime[];
}

/** Writes the page. */
export function classificationPage(measured: MeasuredClassification): string {
  return "";
}
