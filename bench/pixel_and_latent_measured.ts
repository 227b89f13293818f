/**
 * What `pixel_and_latent.ts` counts and measures.
 *
 * @module
 */
import type { StageMethod } from "./pixel_and_latent_models.ts";

/** What intermediate results take on the backend `webgpu`, in bytes. */
export interface Slots {
  /** All of them. */
  readonly bytes: number;
  /** The largest, which is a buffer. */
  readonly largest: number;
}

/** What a call of a network costs. */
export interface CountedNetwork {
  /** Floating-point operations. */
  readonly flops: number;
  /** Of them attention's two products. */
  readonly attention: number;
  readonly slots: Slots;
}

/** What pictures of a model cost. */
export interface CountedModel {
  readonly name: string;
  /** Weights of the U-Net. */
  readonly parameters: number;
  /** Weights of the decoder; null where there is none. */
  readonly decoderParameters: number | null;
  readonly sizes: readonly {
    readonly pixels: number;
    readonly unet: CountedNetwork;
    readonly decoder: CountedNetwork | null;
  }[];
}

/** Memory of one way through a first stage. */
export interface CountedStage {
  readonly name: string;
  readonly method: "decode" | "encode";
  readonly sizes: readonly {
    readonly pixels: number;
    /** Without attention in the middle. */
    readonly without: Slots;
    /** With attention whose keys stream by. */
    readonly streamed: Slots;
    /** With attention that stores its scores. */
    readonly stored: Slots;
  }[];
}

/** Time of a call, and what it computes. */
export interface TimedNetwork {
  readonly seconds: number;
  readonly flops: number;
}

/** How long pictures of a small model take. */
export interface TimedModel {
  readonly name: string;
  readonly pixels: number;
  /** Steps of the picture. */
  readonly steps: number;
  /** Seconds of a picture, once there was one. */
  readonly picture: number;
  readonly unet: TimedNetwork;
  readonly decoder: TimedNetwork | null;
}

/** A run of a first stage. */
export interface StageRun {
  readonly stage: string;
  readonly method: StageMethod;
  readonly attention: boolean;
  readonly pixels: number;
  /** Of the first level. */
  readonly channels: number;
}

/** What a process of its own tells of a {@linkcode StageRun}. */
export interface PeakOfStage extends StageRun {
  /** With loading and compiling; null if it did not succeed. */
  readonly seconds: number | null;
  /** Largest resident bytes of the process. */
  readonly peak: number;
  /** Why it did not succeed. */
  readonly problem?: string;
}

/** Everything that was counted and measured. */
export interface MeasuredComparison {
  /** Of a picture. */
  readonly steps: number;
  /** One U-Net in three places. */
  readonly same: readonly CountedModel[];
  /** The paper's three U-Nets. */
  readonly paper: readonly CountedModel[];
  readonly stages: readonly CountedStage[];
  /** The machine when times were measured, and its load just before. */
  readonly timesOn: { readonly cores: number; readonly load: number; readonly threads: number };
  readonly times: readonly TimedModel[];
  readonly peaks: readonly PeakOfStage[];
}
