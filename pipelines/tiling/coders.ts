/**
 * The two ways of an autoencoder, for the sizes of a call.
 *
 * @module
 */
import type { Program } from "../../backends/backend.ts";
import type { Component } from "../component.ts";
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

/** Makes programs for pictures as a component does. They are the stack's. */
export function encoderSource(
  { className }: Component,
  stack: DisposableStack,
  make: (shape: PictureShape, outputs: readonly string[]) => Promise<Program>,
): Coders["encoder"] {
  return {
    className,
    program: async ({ x }, { outputs = [] } = {}) =>
      stack.use(await make(x!.shape as number[] as [number, number, number, number], outputs)),
  };
}
