/**
 * Plans executed on a backend by the pipelines' own loop, with the golden files' formula for a network.
 *
 * @module
 */
import type { Backend, Value } from "../backends/backend.ts";
import { add, concat, mul, unary } from "../graph/ops/mod.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import { Arithmetic } from "../pipelines/arithmetic.ts";
import { denoise, type DenoiseOptions } from "../pipelines/denoise.ts";
import type { KnownRegion } from "../pipelines/known_region.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { SimulatedRow } from "../schedulers/simulate.ts";

/** What a plan is executed with. */
export interface ExecutedPlanOptions {
  /** What runs it. */
  readonly backend: Backend;
  /** The sample's sizes. */
  readonly shape: readonly number[];
  /** Where it starts. */
  readonly start: DenoiseOptions["start"];
  /** Unit normals; k counts the draws of the whole plan. */
  readonly draw: (k: number) => Float32Array;
  /** Whether the network has a second half of channels. */
  readonly variance: boolean;
  /** A region that is known beforehand. */
  readonly known?: KnownRegion;
}

/** The rows of a plan as a backend makes them, and the first sample. Everything is read at the end, at once. */
export async function executePlan(
  plan: Plan,
  options: ExecutedPlanOptions,
): Promise<{ readonly first: Float32Array; readonly rows: readonly SimulatedRow[] }> {
  const { backend, shape, start, draw, variance } = options;
  using arithmetic = new Arithmetic(backend);
  using copies = new DisposableStack();
  const spec = f32(...shape);
  const copying = await arithmetic.program("copy", () => trace(({ x }) => mul(x, 1), { x: spec }));
  const keep = (x: Value): Value => copies.use(copying.run({ x }).output!);
  const scaling = await arithmetic.program(
    "scale",
    () => trace(({ x, scale }) => mul(x, scale), { x: spec, scale: f32() }),
  );
  const network = await arithmetic.program(
    "network",
    () =>
      trace(({ x, factor }) => goldenNetwork(x, { factor, variance }), { x: spec, factor: f32() }),
  );
  const calls = new Map<number, { timestep: number; input: Value; output: Value }>();
  const samples: Value[] = [];
  let first: Value | undefined;
  let drawn = 0;
  const last = await denoise(plan, {
    backend,
    start,
    known: options.known,
    draw: () => draw(drawn++),
    evaluate(x, { timestep, inputScale, index }) {
      const input = copies.use(scaling.run({ x, scale: hostTensor([], [inputScale]) }).output!);
      const run = () =>
        network.run({ x: input, factor: hostTensor([], [0.3 * timestep / 1000]) }).output!;
      calls.set(index, { timestep, input, output: copies.use(run()) });
      return run();
    },
    compileUpdate: (key, build) => arithmetic.program(key, build),
    listener({ before, sample }) {
      first ??= keep(before);
      samples.push(keep(sample));
    },
  });
  last[Symbol.dispose]();
  const read = async (value: Value) => (await value.read()).data as Float32Array;
  const reading = samples.map(async (sample, index): Promise<SimulatedRow> => {
    const call = calls.get(index);
    if (call === undefined) return { sample: await read(sample) };
    const [input, output, after] = await Promise.all([call.input, call.output, sample].map(read));
    return { timestep: call.timestep, input: input!, output: output!, sample: after! };
  });
  const [start0, ...rows] = await Promise.all([read(first!), ...reading]);
  return { first: start0 as Float32Array, rows: rows as SimulatedRow[] };
}

/** `x factor + 0.1 sin(3 x)`, and where it learns a variance the second half `0.5 + 0.4 cos(2 x)`. `[n, c, …]` */
function goldenNetwork(
  x: Tensor,
  { factor, variance }: { readonly factor: Tensor; readonly variance: boolean },
): Tensor {
  const output = add(mul(x, factor), mul(unary("sin", mul(x, 3)), 0.1));
  if (!variance) return output;
  return concat([output, add(mul(unary("cos", mul(x, 2)), 0.4), 0.5)], { axis: 1 });
}
