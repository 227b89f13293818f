/**
 * A denoiser with classifier-free guidance.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { add, concat, div, mul, reduce, slice, split, sqrt, sub } from "../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, type TensorSpec } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import type { Evaluation } from "./denoise.ts";

/** Settings of {@linkcode guidedDenoiser}. */
export interface GuidedDenoiserOptions {
  /** Compiles the graphs around the network. */
  readonly arithmetic: Arithmetic;
  /** The sample's shape `[n, c, h, w]`. */
  readonly shape: readonly number[];
  /**
   * Encoded prompts: `[n, tokens, d]`, or under guidance `[2 n, tokens, d]` with the unconditional ones first. Absent for a
   * network that attends to nothing; it has no guidance.
   */
  readonly context?: Value | undefined;
  /**
   * Channels `[n, k, h, w]` that the network sees behind the sample's, the same at every step and in both halves of guidance,
   * and not scaled with the sample.
   */
  readonly channels?: Value | undefined;
  /** Scales them with the sample after all. */
  readonly scaleChannels?: boolean;
  /** What a network with a table of classes is told of all pictures: its `class_labels`. */
  readonly classLabel?: number | undefined;
  /** The guidance scale; null for none. */
  readonly guidance: number | null;
  /** Share of the guided prediction's contrast that is brought back; 0 for none. */
  readonly rescale?: number;
  /** Whether a row is guided; in others the conditional half alone is evaluated. Default: all are. */
  readonly guides?: ((index: number) => boolean) | undefined;
}

/** Evaluations of a denoiser. */
export interface Denoiser extends Disposable {
  /** Enqueues one; the result is the caller's. */
  evaluate(sample: Value, evaluation: Evaluation): Value;
}

/**
 * Prepares evaluations of a denoiser. Under guidance each runs both halves in one batch and gives
 * unconditional + scale (conditional - unconditional) (Ho & Salimans 2022, equation 6).
 */
export async function guidedDenoiser(
  unet: Component,
  options: GuidedDenoiserOptions,
): Promise<Denoiser> {
  const { arithmetic, context, guidance, guides } = options;
  if (guidance === null || context === undefined) return await plainDenoiser(unet, options);
  if (guides === undefined) return await batchedDenoiser(unet, { ...options, context, guidance });
  const [rows, ...rest] = context.spec.shape as [number, ...number[]];
  const halving = await arithmetic.program(
    `conditional half ${context.spec.shape.join()}`,
    () =>
      trace(({ both }) => slice(both, { axis: 0, start: rows / 2, stop: rows }), {
        both: f32(rows, ...rest),
      }),
  );
  using stack = new DisposableStack();
  const conditional = stack.use(halving.run({ both: context }).output!);
  const plain = await plainDenoiser(unet, { ...options, context: conditional });
  const guided = await batchedDenoiser(unet, { ...options, context, guidance });
  const owned = stack.move();
  return {
    evaluate: (sample, evaluation) =>
      (guides(evaluation.index) ? guided : plain).evaluate(sample, evaluation),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What the network is given at a row; the value is the caller's. */
type NetworkInput = (sample: Value, inputScale: number) => Value;

/** Prepares the network's sample: scaled, the further channels behind it, and all that `copies` times. */
async function networkInput(
  { arithmetic, shape, channels, scaleChannels = false }: GuidedDenoiserOptions,
  copies: 1 | 2,
): Promise<{ readonly spec: TensorSpec; readonly make: NetworkInput }> {
  const [n, c, ...sides] = shape as [number, number, ...number[]];
  const more = channels?.spec.shape ?? [];
  const program = await arithmetic.program(
    `network input ${copies} ${scaleChannels} ${shape.join()} ${more.join()}`,
    () =>
      trace<string>((given) => {
        const { sample, scale, channels } = given as Record<string, Tensor>;
        const scaled = mul(sample!, scale!);
        const beside = channels && scaleChannels ? mul(channels, scale!) : channels;
        const whole = beside === undefined ? scaled : concat([scaled, beside], { axis: 1 });
        return { sample: copies === 1 ? whole : concat([whole, whole], { axis: 0 }) };
      }, {
        sample: f32(...shape),
        scale: f32(),
        ...(channels === undefined ? {} : { channels: channels.spec }),
      }),
  );
  const fixed = channels === undefined ? {} : { channels };
  return {
    spec: f32(copies * n, c + (more[1] ?? 0), ...sides),
    make: (sample, inputScale) =>
      program.run({ sample, scale: hostTensor([], [inputScale]), ...fixed }).sample!,
  };
}

/** The network's class labels, one for each row. */
function classLabels(
  { classLabel }: GuidedDenoiserOptions,
  rows: number,
): { readonly class_labels?: HostTensor } {
  if (classLabel === undefined) return {};
  return {
    class_labels: { dtype: "i32", shape: [rows], data: new Int32Array(rows).fill(classLabel) },
  };
}

async function plainDenoiser(unet: Component, options: GuidedDenoiserOptions): Promise<Denoiser> {
  const { context } = options;
  const input = await networkInput(options, 1);
  const labels = classLabels(options, options.shape[0]!);
  const program = await unet.program({
    sample: input.spec,
    timestep: f32(1),
    ...(context === undefined ? {} : { encoder_hidden_states: context.spec }),
    ...labels,
  }, { constant: context === undefined ? [] : ["encoder_hidden_states"], outputs: ["sample"] });
  const fixed = context === undefined ? labels : { encoder_hidden_states: context, ...labels };
  return {
    evaluate(sample, { timestep, inputScale }) {
      using scaled = input.make(sample, inputScale);
      return program.run({
        sample: scaled,
        timestep: hostTensor([1], [timestep]),
        ...fixed,
      }).sample!;
    },
    [Symbol.dispose]() {},
  };
}

async function batchedDenoiser(
  unet: Component,
  options: GuidedDenoiserOptions & { readonly guidance: number; readonly context: Value },
): Promise<Denoiser> {
  const { arithmetic, shape, context, guidance, rescale = 0 } = options;
  const [n, ...rest] = shape as [number, ...number[]];
  const input = await networkInput(options, 2);
  const labels = classLabels(options, 2 * n);
  const program = await unet.program({
    sample: input.spec,
    timestep: f32(1),
    encoder_hidden_states: context.spec,
    ...labels,
  }, { constant: ["encoder_hidden_states"], outputs: ["sample"] });
  const after = await arithmetic.program(
    `guide ${rescale} ${shape.join()}`,
    () =>
      trace(({ output, scale }) => {
        const halves = split(output, { axis: 0, sizes: [n, n] }) as [Tensor, Tensor];
        const [unconditional, conditional] = halves;
        const guided = add(unconditional, mul(scale, sub(conditional, unconditional)));
        return {
          output: rescale === 0 ? guided : rescaled(guided, { conditional, share: rescale }),
        };
      }, { output: f32(2 * n, ...rest), scale: f32() }),
  );
  return {
    evaluate(sample, { timestep, inputScale }) {
      using scaled = input.make(sample, inputScale);
      using output = program.run({
        sample: scaled,
        timestep: hostTensor([1], [timestep]),
        encoder_hidden_states: context,
        ...labels,
      }).sample!;
      return after.run({ output, scale: hostTensor([], [guidance]) }).output!;
    },
    [Symbol.dispose]() {},
  };
}

/** The guided prediction, brought `share` of the way to the conditional one's standard deviation (Lin et al. 2024, equations 15, 16). */
function rescaled(
  guided: Tensor,
  { conditional, share }: { readonly conditional: Tensor; readonly share: number },
): Tensor {
  const ratio = sqrt(div(variance(conditional), variance(guided)));
  return add(mul(mul(guided, ratio), share), mul(guided, 1 - share));
}

/** Per picture. */
function variance(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(1);
  const mean = (of: Tensor) => reduce(of, { f: "mean", axes, keepDims: true });
  const centred = sub(x, mean(x));
  return mean(mul(centred, centred));
}
