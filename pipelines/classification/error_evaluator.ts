/**
 * Batches of evaluations on the device: a picture's noisy latents, the denoiser, the error of its prediction.
 *
 * @module
 */
import type { Value } from "../../backends/backend.ts";
import type { Tokenizer } from "../../formats/tokenizers/tokenizer.ts";
import { gather } from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32, sizeOf } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { encodePrompts, type EncodePromptsOptions } from "../text_encoding.ts";
import {
  type ClassifierPrediction,
  type Loss,
  traceError,
  traceNoising,
} from "./prediction_error.ts";

/** A timestep and its noise. */
export interface Column {
  /** The timestep. */
  readonly timestep: number;
  /** Share of the picture that is left of the variance there: alphas_cumprod. */
  readonly alpha: number;
  /** Unit noise of the latents' shape. */
  readonly noise: Float32Array;
}

/** Settings of {@linkcode errorEvaluator}. */
export interface ErrorEvaluatorOptions {
  readonly denoiser: Component;
  readonly textEncoder: Component;
  readonly tokenizer: Tokenizer;
  readonly family: EncodePromptsOptions["family"];
  readonly arithmetic: Arithmetic;
  /** The picture's latents `[1, c, h, w]`; they stay the caller's. */
  readonly latents: Value;
  /** Rows of a batch. */
  readonly rows: number;
  readonly prediction: ClassifierPrediction;
  readonly loss: Loss;
  /** Whether the denoiser takes one timestep for a whole batch. */
  readonly oneTimestep: boolean;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Prompts that are evaluated together, encoded. */
export interface PromptGroup extends Disposable {
  /**
   * Enqueues a batch: every prompt of the group at every column.
   *
   * @returns `[rows]`: the errors of the first column, one a prompt, of the second, …; what is left over means nothing.
   */
  evaluate(columns: readonly Column[]): Value;
}

/** Prepares batches of evaluations; gives a function that encodes the prompts of some of them. */
export async function errorEvaluator(
  options: ErrorEvaluatorOptions,
): Promise<(prompts: readonly string[]) => Promise<PromptGroup>> {
  const { denoiser, arithmetic, latents, rows, prediction, loss, oneTimestep } = options;
  const [, ...each] = latents.spec.shape as [number, ...number[]];
  const shape = [rows, ...each];
  const size = sizeOf(each);
  const key = shape.join();
  const noising = await arithmetic.program(`add noise ${key}`, () => traceNoising(shape));
  const measure = await arithmetic.program(
    `error ${prediction} ${loss} ${key}`,
    () => traceError(shape, { prediction, loss }),
  );
  return async (prompts) => {
    using stack = new DisposableStack();
    const context = stack.use(await encodeRows(prompts, options));
    const forward = await denoiser.program({
      sample: f32(...shape),
      timestep: f32(oneTimestep ? 1 : rows),
      encoder_hidden_states: context.spec,
    }, { constant: ["encoder_hidden_states"], outputs: ["sample"] });
    const owned = stack.move();
    return {
      evaluate(columns) {
        const columnOf = (row: number): Column =>
          columns[Math.min(columns.length - 1, Math.floor(row / prompts.length))]!;
        const level = (value: (column: Column) => number) =>
          hostTensor(
            [rows, 1, 1, 1],
            Array.from({ length: rows }, (_, row) => value(columnOf(row))),
          );
        const noiseRows = new Float32Array(rows * size);
        for (let row = 0; row < rows; row++) noiseRows.set(columnOf(row).noise, row * size);
        const noise = hostTensor(shape, noiseRows);
        const signal = level(({ alpha }) => Math.sqrt(alpha));
        const sigma = level(({ alpha }) => Math.sqrt(1 - alpha));
        const steps = level(({ timestep }) => timestep).data;
        using sample = noising.run({ latent: latents, noise, signal, sigma }).sample!;
        using output = forward.run({
          sample,
          timestep: oneTimestep ? hostTensor([1], steps.slice(0, 1)) : hostTensor([rows], steps),
          encoder_hidden_states: context,
        }).sample!;
        const velocity = prediction === "epsilon" ? {} : { sample, signal, sigma };
        return measure.run({ output, noise, ...velocity }).error!;
      },
      [Symbol.dispose]: () => owned.dispose(),
    };
  };
}

/** Encodes prompts `[rows, tokens, d]`, over and over until all rows have one. */
async function encodeRows(
  prompts: readonly string[],
  options: ErrorEvaluatorOptions,
): Promise<Value> {
  const { textEncoder, tokenizer, family, arithmetic, rows, onWarning } = options;
  using texts = await encodePrompts(prompts, {
    tokenizer,
    component: textEncoder,
    family,
    onWarning,
  });
  const { spec } = texts;
  const count = prompts.length;
  const repeating = await arithmetic.program(
    `rows ${spec.shape.join()} ${rows}`,
    () =>
      trace(
        ({ texts, indices }) => ({ context: gather(texts, { indices, axis: 0 }) }),
        { texts: spec, indices: i32(rows) },
      ),
  );
  const indices: HostTensor = {
    dtype: "i32",
    shape: [rows],
    data: Int32Array.from({ length: rows }, (_, row) => row % count),
  };
  return repeating.run({ texts, indices }).context!;
}
