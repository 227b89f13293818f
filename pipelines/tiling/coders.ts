/**
 * The two ways of an autoencoder, for the sizes of a call.
 *
 * @module
 */
import type { Program } from "../../backends/backend.ts";
import type { Component } from "../component.ts";
import type { ProgramCache } from "../program_cache.ts";
import type { AutoencoderCost } from "./tiling_cost.ts";

/** An autoencoder for the sizes of a call, whole or in tiles. */
export interface Coders extends Disposable {
  /** What encodes pictures. */
  readonly encoder: Pick<Component, "program" | "className">;
  /** What decodes latents of the call's shape. */
  readonly decoder: Pick<Component, "program">;
  /** What tiles cost. */
  readonly cost: AutoencoderCost;
}

/** A picture's sizes. */
export type PictureShape = readonly [m: number, channels: number, height: number, width: number];

/** Makes programs for pictures as a component does, once each. They are the cache's. */
export function encoderSource(
  { className }: Component,
  programs: ProgramCache,
  make: (shape: PictureShape, outputs: readonly string[]) => Promise<Program>,
): Coders["encoder"] {
  return {
    className,
    program({ x }, { outputs = [] } = {}) {
      const shape = x!.shape as number[] as [number, number, number, number];
      return programs.get(`${shape.join()} ${outputs.join()}`, () => make(shape, outputs));
    },
  };
}
