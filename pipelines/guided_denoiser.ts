/**
 * A denoiser with classifier-free guidance.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { add, concat, div, mul, reduce, split, sqrt, sub } from "../graph/ops/mod.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Row } from "../schedulers/plan.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";

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
}

/**
 * Prepares evaluations of a denoiser. Under guidance each runs both halves in one batch and gives
 * unconditional + scale (conditional - unconditional) (Ho & Salimans 2022, equation 6).
 */
export async function guidedDenoiser(
  unet: Component,
  options: GuidedDenoiserOptions,
): Promise<(sample: Value, row: NonNullable<Row["evaluate"]>) => Value> {
  const { arithmetic, shape, context, guidance, rescale = 0 } = options;
  const [n, ...rest] = shape as [number, ...number[]];
  const rows = guidance === null ? n : 2 * n;
  const program = await unet.program({
    sample: f32(rows, ...rest),
    timestep: f32(1),
    encoder_hidden_states: context.spec,
  }, { constant: ["encoder_hidden_states"], outputs: ["sample"] });
  const before = await arithmetic.program(
    `scale and repeat ${rows / n} ${shape.join()}`,
    () =>
      trace(({ sample, scale }) => {
        const scaled = mul(sample, scale);
        return { sample: guidance === null ? scaled : concat([scaled, scaled], { axis: 0 }) };
      }, { sample: f32(...shape), scale: f32() }),
  );
  const after = guidance === null
    ? null
    : await arithmetic.program(`guide ${rescale} ${shape.join()}`, () =>
      trace(({ output, scale }) => {
        const halves = split(output, { axis: 0, sizes: [n, n] }) as [Tensor, Tensor];
        const [unconditional, conditional] = halves;
        const guided = add(unconditional, mul(scale, sub(conditional, unconditional)));
        return {
          output: rescale === 0 ? guided : rescaled(guided, { conditional, share: rescale }),
        };
      }, { output: f32(rows, ...rest), scale: f32() }));

  return (sample, { timestep, inputScale }) => {
    using input = before.run({ sample, scale: hostTensor([], [inputScale]) }).sample!;
    const output = program.run({
      sample: input,
      timestep: hostTensor([1], [timestep]),
      encoder_hidden_states: context,
    }).sample!;
    if (after === null) return output;
    using both = output;
    return after.run({ output: both, scale: hostTensor([], [guidance!]) }).output!;
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
