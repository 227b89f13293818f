/**
 * A denoiser with classifier-free guidance.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { add, concat, div, mul, reduce, slice, split, sqrt, sub } from "../graph/ops/mod.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
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
  /** Encoded prompts: `[n, tokens, d]`, or under guidance `[2 n, tokens, d]` with the unconditional ones first. */
  readonly context: Value;
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
  if (guidance === null) return await plainDenoiser(unet, options);
  if (guides === undefined) return await batchedDenoiser(unet, { ...options, guidance });
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
  const guided = await batchedDenoiser(unet, { ...options, guidance });
  const owned = stack.move();
  return {
    evaluate: (sample, evaluation) =>
      (guides(evaluation.index) ? guided : plain).evaluate(sample, evaluation),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

async function plainDenoiser(unet: Component, options: GuidedDenoiserOptions): Promise<Denoiser> {
  const { arithmetic, shape, context } = options;
  const program = await unet.program({
    sample: f32(...shape),
    timestep: f32(1),
    encoder_hidden_states: context.spec,
  }, { constant: ["encoder_hidden_states"], outputs: ["sample"] });
  const scaling = await arithmetic.program(
    `scale ${shape.join()}`,
    () =>
      trace(({ sample, scale }) => ({ sample: mul(sample, scale) }), {
        sample: f32(...shape),
        scale: f32(),
      }),
  );
  return {
    evaluate(sample, { timestep, inputScale }) {
      using input = scaling.run({ sample, scale: hostTensor([], [inputScale]) }).sample!;
      return program.run({
        sample: input,
        timestep: hostTensor([1], [timestep]),
        encoder_hidden_states: context,
      }).sample!;
    },
    [Symbol.dispose]() {},
  };
}

async function batchedDenoiser(
  unet: Component,
  options: GuidedDenoiserOptions & { readonly guidance: number },
): Promise<Denoiser> {
  const { arithmetic, shape, context, guidance, rescale = 0 } = options;
  const [n, ...rest] = shape as [number, ...number[]];
  const program = await unet.program({
    sample: f32(2 * n, ...rest),
    timestep: f32(1),
    encoder_hidden_states: context.spec,
  }, { constant: ["encoder_hidden_states"], outputs: ["sample"] });
  const before = await arithmetic.program(
    `scale and repeat ${shape.join()}`,
    () =>
      trace(({ sample, scale }) => {
        const scaled = mul(sample, scale);
        return { sample: concat([scaled, scaled], { axis: 0 }) };
      }, { sample: f32(...shape), scale: f32() }),
  );
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
      using input = before.run({ sample, scale: hostTensor([], [inputScale]) }).sample!;
      using output = program.run({
        sample: input,
        timestep: hostTensor([1], [timestep]),
        encoder_hidden_states: context,
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
