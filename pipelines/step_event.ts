/**
 * A row's report, in the caller's terms.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { type HostTensor, type HostTensorOf, sizeOf } from "../graph/tensor_spec.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { decodeLatents, type DecodeLatentsOptions } from "./decode_latents.ts";
import type { DenoiseEvent } from "./denoise.ts";
import { toPictures } from "./image_output.ts";
import { type Prediction, previewWeights } from "./prediction.ts";
import type { StepEvent } from "./text_to_image_options.ts";

/** What a row's report is made with. */
export interface StepEventOptions {
  readonly plan: Plan;
  /** What the denoiser attends to; absent where it attends to nothing. */
  readonly context?: Value | undefined;
  /** Channels that the denoiser sees behind the sample's. */
  readonly channels?: Value | undefined;
  readonly prediction: Prediction;
  readonly decoding: DecodeLatentsOptions;
  readonly arithmetic: Arithmetic;
}

/** Puts what the loop tells of a row into the words of {@linkcode StepEvent}. */
export function stepEvent(event: DenoiseEvent, options: StepEventOptions): StepEvent {
  const { index, row, before, output, sample } = event;
  const { context, channels } = options;
  return {
    step: index + 1,
    steps: options.plan.rows.length,
    timestep: row.evaluate?.timestep,
    latents: () => read(sample),
    async input() {
      if (row.evaluate === undefined) return undefined;
      const { inputScale } = row.evaluate;
      const { shape, data } = await read(before);
      const scaled: HostTensorOf<"f32"> = {
        dtype: "f32",
        shape,
        data: data.map((x) => x * inputScale),
      };
      return channels === undefined ? scaled : joinChannels(scaled, await read(channels));
    },
    context: async () =>
      context === undefined
        ? { dtype: "f32", shape: [0, 0, 0], data: new Float32Array(0) }
        : await read(context),
    prediction: async () => output === undefined ? undefined : await read(output),
    async preview() {
      if (output === undefined) {
        return toPictures((await decodeLatents(sample, options.decoding)).tensor);
      }
      const weights = previewWeights(row, options.prediction);
      const program = await options.arithmetic.weightedSum(before.spec.shape);
      const { sum } = program.run({
        a: before,
        b: output,
        weights: {
          dtype: "f32",
          shape: [2],
          data: new Float32Array([weights.sample, weights.output]),
        },
      });
      using clean = sum!;
      return toPictures((await decodeLatents(clean, options.decoding)).tensor);
    },
  };
}

async function read(value: Value): Promise<HostTensorOf<"f32">> {
  return await value.read() as HostTensor as HostTensorOf<"f32">;
}

/** `[n, a, h, w]` and `[n, b, h, w]` as `[n, a + b, h, w]`. */
export function joinChannels(
  first: HostTensorOf<"f32">,
  second: HostTensorOf<"f32">,
): HostTensorOf<"f32"> {
  const [n, a, ...sides] = first.shape as [number, number, ...number[]];
  const shape = [n, a + second.shape[1]!, ...sides];
  const data = new Float32Array(sizeOf(shape));
  const [one, other] = [first.data.length / n, second.data.length / n];
  for (let at = 0; at < n; at++) {
    data.set(first.data.subarray(at * one, (at + 1) * one), at * (one + other));
    data.set(second.data.subarray(at * other, (at + 1) * other), at * (one + other) + one);
  }
  return { dtype: "f32", shape, data };
}
