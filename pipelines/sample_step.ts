/**
 * A row's report where a model draws from noise, in any space of samples.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Picture } from "../formats/images/picture.ts";
import { slice } from "../graph/ops/mod.ts";
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { DenoiseEvent } from "./denoise.ts";
import { toPictures } from "./image_output.ts";
import { type Prediction, previewWeights } from "./prediction.ts";
import { readSamples, type SpaceParts } from "./sample_space.ts";

/** What a listener is told after each step. Its methods work until the promise it returns is done. */
export interface SampleStep {
  /** Rows of the plan that are done, from 1. */
  readonly step: number;
  /** Rows of the plan. */
  readonly steps: number;
  /** The timestep that was evaluated, if one was. */
  readonly timestep: number | undefined;
  /** The sample after the step: latents, or a picture in about -1..1 where the model works on pixels. */
  latents(): Promise<HostTensorOf<"f32">>;
  /** What came into the step, scaled as the denoiser was given it; undefined where it was not asked. */
  input(): Promise<HostTensorOf<"f32"> | undefined>;
  /** What the denoiser said, after guidance; of a variance, if it predicts one, in a second half of channels. */
  prediction(): Promise<HostTensorOf<"f32"> | undefined>;
  /** The finished pictures as the denoiser expects them at this step. May cost a run of the decoder. */
  preview(): Promise<Picture[]>;
}

/** Puts what the loop tells of a row into a caller's terms. */
export function sampleStep(
  { index, row, before, output, sample }: DenoiseEvent,
  options: SpaceParts & { readonly plan: Plan; readonly prediction: Prediction },
): SampleStep {
  return {
    step: index + 1,
    steps: options.plan.rows.length,
    timestep: row.evaluate?.timestep,
    latents: () => read(sample),
    async input() {
      if (row.evaluate === undefined) return undefined;
      const { inputScale } = row.evaluate;
      const { shape, data } = await read(before);
      return { dtype: "f32", shape, data: data.map((x) => x * inputScale) };
    },
    prediction: async () => output === undefined ? undefined : await read(output),
    async preview() {
      if (output === undefined) return toPictures((await readSamples(sample, options)).tensor);
      const { sample: a, output: b } = previewWeights(row, options.prediction);
      const { shape } = before.spec;
      using said = await withoutVariance(output, { ...options, shape });
      const program = await options.arithmetic.weightedSum(shape);
      const weights: HostTensor = { dtype: "f32", shape: [2], data: Float32Array.of(a, b) };
      using clean = program.run({ a: before, b: said, weights }).sum!;
      return toPictures((await readSamples(clean, options)).tensor);
    },
  };
}

/** A copy of what a denoiser said of the sample. */
async function withoutVariance(
  output: Value,
  { arithmetic, shape }: SpaceParts & { readonly shape: readonly number[] },
): Promise<Value> {
  const { spec } = output;
  const program = await arithmetic.program(
    `prediction ${spec.shape.join()} ${shape[1]}`,
    () => trace(({ x }) => slice(x, { axis: 1, start: 0, stop: shape[1]! }), { x: spec }),
  );
  return program.run({ x: output }).output!;
}

async function read(value: Value): Promise<HostTensorOf<"f32">> {
  return await value.read() as HostTensor as HostTensorOf<"f32">;
}
