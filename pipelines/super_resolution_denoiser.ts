/**
 * The denoiser of a super-resolution model, on the whole or tile by tile.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import { conditionedDenoiser } from "./conditioned_denoiser.ts";
import { type Denoiser, guidedDenoiser } from "./guided_denoiser.ts";
import type { Model } from "./model.ts";
import type { SuperResolutionFamily } from "./super_resolution_family.ts";
import type { SuperResolutionRequest } from "./super_resolution_request.ts";
import { tileCutter } from "./tiling/cut_and_join.ts";
import { tiledDenoiser } from "./tiling/tiled_denoiser.ts";
import { timeInput } from "./time_input.ts";

/** A model that is open, and what the pipeline knows of it. */
export interface SuperResolutionParts {
  readonly model: Model;
  readonly family: SuperResolutionFamily;
  readonly arithmetic: Arithmetic;
}

/** What the denoiser is told beside the sample. */
export interface SuperResolutionConditions {
  /** The given pictures, one for each of the sample: `[n, 3, h, w]` in about -1..1. */
  readonly image: Value;
  /** The encoded prompts, where the model reads any. */
  readonly context: Value | undefined;
}

/** Prepares evaluations; what it is told stays the caller's. */
export async function superResolutionDenoiser(
  parts: SuperResolutionParts,
  request: SuperResolutionRequest,
  conditions: SuperResolutionConditions,
): Promise<Denoiser> {
  const { model, arithmetic } = parts;
  const unet = await model.component("unet");
  const { sampleShape, grid, weighting } = request;
  if (grid.tops.length * grid.lefts.length === 1) {
    return await singleDenoiser(unet, { parts, request, shape: sampleShape, ...conditions });
  }
  const [n, c] = sampleShape;
  const { tile: { height, width } } = grid;
  const options = { arithmetic, backend: model.backend } as const;
  using cutter = await tileCutter(grid, { ...options, channels: [n, 3] });
  return await tiledDenoiser(grid, {
    ...options,
    channels: [n, c],
    weighting,
    async tile(at) {
      using stack = new DisposableStack();
      const image = stack.use(cutter.cut(conditions.image, at));
      const shape = [n, c, height, width];
      const denoiser = stack.use(
        await singleDenoiser(unet, { parts, request, shape, ...conditions, image }),
      );
      const owned = stack.move();
      return { evaluate: denoiser.evaluate, [Symbol.dispose]: () => owned.dispose() };
    },
  });
}

async function singleDenoiser(
  unet: Component,
  { parts, request, shape, image, context }: SuperResolutionConditions & {
    readonly parts: SuperResolutionParts;
    readonly request: SuperResolutionRequest;
    readonly shape: readonly number[];
  },
): Promise<Denoiser> {
  const { model, family, arithmetic } = parts;
  switch (family.kind) {
    case "pixels":
      return await conditionedDenoiser(unet, {
        arithmetic,
        shape,
        before: image,
        time: timeInput(model.folder.settings, request.sampling.plan),
      });
    case "latent":
      return await guidedDenoiser(unet, {
        arithmetic,
        shape,
        channels: image,
        scaleChannels: family.scaleImage,
        guidance: null,
      });
    case "text": {
      const texts = request.texts!;
      return await guidedDenoiser(unet, {
        arithmetic,
        shape,
        context,
        channels: image,
        classLabel: request.noiseLevel,
        guidance: texts.guided ? texts.guidanceScale : null,
        rescale: texts.guidanceRescale,
        guides: request.guides,
      });
    }
  }
}
