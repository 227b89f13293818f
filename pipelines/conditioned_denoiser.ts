/**
 * A denoiser that is told more than its sample and timestep: classes, a picture beside the sample, another scale of time.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { add, concat, mul, slice, split, sub } from "../graph/ops/mod.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import type { Evaluation } from "./denoise.ts";
import type { Denoiser } from "./guided_denoiser.ts";

/** Settings of {@linkcode conditionedDenoiser}. */
export interface ConditionedDenoiserOptions {
  /** Compiles the graphs around the network. */
  readonly arithmetic: Arithmetic;
  /** The sample's shape `[n, c, h, w]`. */
  readonly shape: readonly number[];
  /** Inputs that stay the same, by the network's names, of n rows; under guidance 2 n, the unconditional ones first. */
  readonly conditions?: Readonly<Record<string, Value>>;
  /** The guidance scale; null for none. */
  readonly guidance?: number | null;
  /** What stands before the sample among the network's channels, `[n, k, h, w]`; it is not scaled. */
  readonly before?: Value | undefined;
  /** What the network gets as its timestep. Default: the timestep. */
  readonly time?: ((evaluation: Evaluation) => number) | undefined;
  /** Channels of the network's output. Default: the sample's. */
  readonly outChannels?: number;
  /** Leaves out what the network says of the variance: all channels beyond the sample's. */
  readonly meanOnly?: boolean;
}

/**
 * Prepares evaluations of a denoiser. Under guidance each runs both halves in one batch and gives
 * unconditional + scale (conditional - unconditional) (Ho & Salimans 2022, equation 6).
 */
export async function conditionedDenoiser(
  unet: Component,
  options: ConditionedDenoiserOptions,
): Promise<Denoiser> {
  const { arithmetic, shape, conditions = {}, before, guidance = null } = options;
  const { outChannels = shape[1]!, meanOnly = false, time = ({ timestep }) => timestep } = options;
  const [n, ...rest] = shape as [number, number, number, number];
  const copies = guidance === null ? 1 : 2;
  const given = { sample: f32(...shape), scale: f32() };
  const beside = before === undefined ? {} : { before: before.spec };
  const prepare = await arithmetic.program(
    `scale ${copies} ${shape.join()} ${before?.spec.shape.join()}`,
    () =>
      trace<string>((inputs) => {
        const { sample, scale, before } = inputs as Record<string, Tensor>;
        const scaled = mul(sample!, scale!);
        const whole = before === undefined ? scaled : concat([before, scaled], { axis: 1 });
        return { sample: copies === 1 ? whole : concat([whole, whole], { axis: 0 }) };
      }, { ...given, ...beside }),
  );
  const specs = Object.fromEntries(
    Object.entries(conditions).map(([name, { spec }]) => [name, spec]),
  );
  const program = await unet.program({
    sample: f32(copies * n, rest[0] + (before?.spec.shape[1] ?? 0), rest[1], rest[2]),
    timestep: f32(1),
    ...specs,
  }, { constant: Object.keys(conditions), outputs: ["sample"] });
  const form = { shape, outChannels, guided: guidance !== null, meanOnly };
  const finish = guidance === null && !(meanOnly && outChannels > rest[0])
    ? undefined
    : await arithmetic.program(
      `finish ${copies} ${outChannels} ${meanOnly} ${shape.join()}`,
      () => traceFinish(form),
    );
  return {
    evaluate(sample, evaluation) {
      const scale = hostTensor([], [evaluation.inputScale]);
      using input = prepare.run(
        before === undefined ? { sample, scale } : { sample, scale, before },
      ).sample!;
      const output = program.run({
        sample: input,
        timestep: hostTensor([1], [time(evaluation)]),
        ...conditions,
      }).sample!;
      if (finish === undefined) return output;
      using raw = output;
      return finish.run(
        guidance === null ? { output: raw } : { output: raw, scale: hostTensor([], [guidance]) },
      ).output!;
    },
    [Symbol.dispose]() {},
  };
}

/** What follows the network: the prediction out of both halves, and of the variance what the conditional one says. */
function traceFinish(
  { shape, outChannels, guided, meanOnly }: {
    readonly shape: readonly number[];
    readonly outChannels: number;
    readonly guided: boolean;
    readonly meanOnly: boolean;
  },
): Graph {
  const [n, c, ...rest] = shape as [number, number, number, number];
  const output = f32((guided ? 2 : 1) * n, outChannels, ...rest);
  const means = (x: Tensor) => slice(x, { axis: 1, start: 0, stop: c });
  if (!guided) return trace(({ output }) => ({ output: means(output) }), { output });
  return trace(({ output, scale }) => {
    const halves = split(output, { axis: 0, sizes: [n, n] }) as [Tensor, Tensor];
    const [unconditional, conditional] = outChannels > c ? halves.map(means) : halves;
    const guided = add(unconditional!, mul(scale, sub(conditional!, unconditional!)));
    if (meanOnly || outChannels === c) return { output: guided };
    const variance = slice(halves[1], { axis: 1, start: c, stop: outChannels });
    return { output: concat([guided, variance], { axis: 1 }) };
  }, { output, scale: f32() });
}
