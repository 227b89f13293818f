/**
 * Operators: golden files and the ops' own case tables.
 *
 * @module
 */
import { type Backend, NO_WEIGHTS } from "../backends/backend.ts";
import type { CaseInput, OpCase, OpDefinition } from "../graph/op.ts";
import * as op from "../graph/ops/mod.ts";
import { type OpName, ops } from "../graph/ops/mod.ts";
import { allocate, type DType, type HostTensor, sizeOf } from "../graph/tensor_spec.ts";
import { apply, type Tensor, trace } from "../graph/trace.ts";
import { MT19937 } from "../random/mt19937.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import type { GoldenCase } from "./golden_case.ts";

type Settings = GoldenCase["settings"];
type Inputs = Readonly<Record<string, Tensor>>;
type Build = (inputs: Inputs, settings: Settings) => Record<string, Tensor>;

const number = (settings: Settings, key: string) => settings[key] as number;
const numbers = (settings: Settings, key: string) => settings[key] as number[];
const pair = (settings: Settings, key: string) => settings[key] as [number, number];
const quad = (settings: Settings, key: string) => settings[key] as [number, number, number, number];

/** Rows and columns cut off on both sides, as torch gives them, to left, right, top, bottom. */
const symmetric = ([y, x]: readonly [number, number]) => [x, x, y, y] as const;

const unary = (f: op.UnaryFunction): Build => ({ x }) => ({ y: op.unary(f, x!) });
const binary = (f: op.BinaryFunction): Build => ({ a, b }) => ({ y: op.binary(f, [a!, b!]) });
const reduce = (f: op.ReduceAttributes["f"]): Build => ({ x }, s) => ({
  y: op.reduce(x!, { f, axes: numbers(s, "axes"), keepDims: s.keepdims as boolean }),
});
const parts = (tensors: readonly Tensor[]) =>
  Object.fromEntries(tensors.map((tensor, at) => [`y${at}`, tensor]));
const affine = ({ weight, bias }: Inputs) => ({
  ...(weight === undefined ? {} : { weight }),
  ...(bias === undefined ? {} : { bias }),
});

/** How each kind of golden file is expressed in our ops. */
const BUILDERS: Readonly<Record<string, Build>> = {
  conv2d: ({ x, weight, bias }, s) => ({
    y: op.conv2d(x!, {
      weight: weight!,
      bias,
      stride: pair(s, "stride"),
      padding: quad(s, "padding"),
      groups: number(s, "groups"),
    }),
  }),
  conv_transpose2d: ({ x, weight, bias }, s) => ({
    y: op.convTranspose2d(x!, {
      weight: weight!,
      bias,
      stride: pair(s, "stride"),
      padding: symmetric(pair(s, "padding")),
      outputPadding: pair(s, "output_padding"),
      groups: number(s, "groups"),
    }),
  }),
  linear: ({ x, weight, bias }) => ({ y: op.linear(x!, { weight: weight!, bias }) }),
  matmul: ({ a, b }, s) => ({
    y: op.matmul([a!, b!], { transposeB: (s.transpose_b ?? false) as boolean }),
  }),
  group_norm: (inputs, s) => ({
    y: op.groupNorm(inputs.x!, {
      ...affine(inputs),
      groups: number(s, "groups"),
      epsilon: number(s, "eps"),
    }),
  }),
  layer_norm: (inputs, s) => ({
    y: op.layerNorm(inputs.x!, { ...affine(inputs), epsilon: number(s, "eps") }),
  }),
  softmax: ({ x }, s) => ({ y: op.softmax(x!, { axis: number(s, "axis") }) }),
  attention: ({ q, k, v, mask }, s) => ({
    y: op.attention(q!, {
      k: k!,
      v: v!,
      ...(mask === undefined ? {} : { mask }),
      scale: number(s, "scale"),
      causal: (s.causal ?? false) as boolean,
    }),
  }),
  silu: unary("silu"),
  gelu: unary("gelu"),
  gelu_tanh: unary("geluTanh"),
  quick_gelu: unary("quickGelu"),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  rsqrt: unary("rsqrt"),
  sin: unary("sin"),
  cos: unary("cos"),
  abs: unary("abs"),
  geglu: ({ x }) => ({ y: op.geglu(x!) }),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  minimum: binary("minimum"),
  maximum: binary("maximum"),
  clamp: ({ x }, s) => ({
    y: op.clamp(x!, {
      ...(s.min === null ? {} : { min: number(s, "min") }),
      ...(s.max === null ? {} : { max: number(s, "max") }),
    }),
  }),
  where: ({ condition, a, b }) => ({ y: op.where(condition!, { a: a!, b: b! }) }),
  concat: (inputs, s) => ({
    y: op.concat(Object.keys(inputs).map((_, at) => inputs[`x${at}`]!), {
      axis: number(s, "axis"),
    }),
  }),
  slice: ({ x }, s) => ({
    y: apply(op.sliceOp, [x!], {
      start: numbers(s, "start"),
      stop: numbers(s, "stop"),
      step: numbers(s, "step"),
    }),
  }),
  split: ({ x }, s) => parts(op.split(x!, { axis: number(s, "axis"), sizes: numbers(s, "sizes") })),
  chunk: ({ x }, s) =>
    parts(op.chunk(x!, { axis: number(s, "axis"), chunks: number(s, "chunks") })),
  permute: ({ x }, s) => ({ y: op.permute(x!, numbers(s, "order")) }),
  reshape: ({ x }, s) => ({ y: op.reshape(x!, numbers(s, "shape")) }),
  pad: ({ x }, s) => ({
    y: op.pad(x!, {
      pads: s.pads as [number, number][],
      mode: s.mode as "constant" | "reflect",
      value: (s.value ?? 0) as number,
    }),
  }),
  upsample_nearest: ({ x }, s) => ({ y: op.upsampleNearest(x!, { scale: pair(s, "scale") }) }),
  resize_nearest: ({ x }, s) => ({ y: op.resizeNearest(x!, { size: pair(s, "size") }) }),
  resize_bilinear: ({ x }, s) => ({
    y: op.resizeBilinear(x!, {
      size: pair(s, "size"),
      antialias: (s.antialias ?? false) as boolean,
    }),
  }),
  avg_pool2d: ({ x }, s) => ({
    y: op.avgPool2d(x!, { kernel: pair(s, "kernel"), stride: pair(s, "stride") }),
  }),
  embedding: ({ ids, table }) => ({ y: op.embedding(ids!, { table: table! }) }),
  gather: ({ x, indices }, s) => ({
    y: op.gather(x!, { indices: indices!, axis: number(s, "axis") }),
  }),
  vq_nearest: ({ z, codebook }) => {
    const indices = op.nearestCode(z!, { codebook: codebook! });
    return { indices, y: op.embedding(indices, { table: codebook! }) };
  },
  reduce_mean: reduce("mean"),
  reduce_sum: reduce("sum"),
  reduce_max: reduce("max"),
  cumsum: ({ x }, s) => ({ y: op.cumsum(x!, { axis: number(s, "axis") }) }),
  timestep_embedding: ({ timesteps }, s) => ({
    y: op.timestepEmbedding(timesteps!, {
      dim: number(s, "dim"),
      flipSinToCos: s.flip_sin_to_cos as boolean,
      freqShift: number(s, "freq_shift"),
      scale: number(s, "scale"),
      maxPeriod: number(s, "max_period"),
    }),
  }),
  cast: ({ x }, s) => ({ y: op.cast(x!, { to: s.to === "float16" ? "f16" : s.to as DType }) }),
  mse: ({ x, target }) => {
    const difference = op.sub(x!, target!);
    return { y: op.reduce(op.mul(difference, difference), { f: "mean" }) };
  },
};

/** Kinds of golden files that are expressible. */
export const OP_KINDS: ReadonlySet<string> = new Set(Object.keys(BUILDERS));

/** Runs a graph without weights once and reads its outputs. */
async function runOnce(
  backend: Backend,
  options: {
    readonly build: (inputs: Inputs) => Record<string, Tensor>;
    readonly inputs: Readonly<Record<string, HostTensor>>;
  },
): Promise<Record<string, HostTensor>> {
  using parameters = await backend.load(NO_WEIGHTS);
  using program = await backend.compile(trace<string>(options.build, options.inputs), parameters);
  const read: Record<string, HostTensor> = {};
  for (const [name, value] of Object.entries(program.run(options.inputs))) {
    using held = value;
    read[name] = await held.read();
  }
  return read;
}

/** Halves are widened: ops compute in 32-bit floats. */
function widen(tensor: HostTensor): HostTensor {
  return tensor.dtype === "f16"
    ? { dtype: "f32", shape: tensor.shape, data: new Float32Array(tensor.data) }
    : tensor;
}

/**
 * Runs a golden file of the group `ops`.
 *
 * @param options Whether the backend is held to the reference's bounds.
 */
export async function runOpCase(
  golden: GoldenCase,
  { backend, exact }: { readonly backend: Backend; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const { settings, tensors } = golden;
  const build = BUILDERS[settings.kind];
  if (build === undefined) {
    throw new RangeError(`Cannot run the kind ${settings.kind}: it is no operator`);
  }
  const named = (prefix: string) =>
    [...tensors].filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]): [string, HostTensor] => [name.slice(prefix.length), tensor]);
  const inputs = Object.fromEntries(named("input.").map(([name, tensor]) => [name, widen(tensor)]));
  const outputs = await runOnce(backend, { build: (given) => build(given, settings), inputs });
  const errors = (settings.float32_error ?? {}) as Readonly<Record<string, number>>;
  const expected = new Map(named("output."));
  const margin = expected.get("margin");
  return [...expected].filter(([name]) => name !== "margin").map(([name, tensor]) => {
    const whole = tensor.dtype !== "f32" && tensor.dtype !== "f16";
    const limit = boundOf("network", {
      // Where rounding belongs to the definition, what it costs is recorded instead. It is needed: torch's float32 exp is off by
      // one unit in the last place in one of a hundred frequencies, and an angle of 1000 radians makes 6e-5 of that.
      error: errors[name] ?? (settings.difference_from_float64 as number | undefined) ?? 0,
      magnitude: magnitude(tensor.data),
      exact,
    });
    const actual = outputs[name]?.data ?? []; // a missing output has the wrong number of elements
    if (margin === undefined) {
      return {
        name,
        actual,
        expected: tensor.data,
        bound: whole || tensor.dtype === "f16" ? 0 : limit,
      };
    }
    // Nearest codes: where the second is nearly as near, rounding may choose it.
    const near = boundOf("network", {
      error: errors.margin ?? 0,
      magnitude: magnitude(margin.data),
      exact,
    });
    const width = tensor.data.length / margin.data.length;
    const bound = Float64Array.from(tensor.data, (_, at) => {
      const sure = margin.data[Math.floor(at / width)]! > near;
      return sure ? (whole ? 0 : limit) : Infinity;
    });
    return { name, actual, expected: tensor.data, bound };
  });
}

/** Numbers of a case's input, the same on every run. */
function drawInput(
  { shape, dtype, values = { kind: "normal" } }: CaseInput,
  seed: number,
): HostTensor {
  const size = sizeOf(shape);
  const data = allocate(dtype, size);
  switch (values.kind) {
    case "values":
      data.set(values.values);
      break;
    case "normal": {
      const { scale = 1, offset = 0 } = values;
      data.set(new TorchGenerator(seed).randn(size).map((x) => x * scale + offset));
      break;
    }
    case "uniform": {
      const words = new MT19937(seed);
      const { low, high } = values;
      for (let at = 0; at < size; at++) {
        const x = low + (high - low) * (words.next() / 2 ** 32);
        data[at] = dtype === "f32" || dtype === "f16" ? x : Math.floor(x);
      }
      break;
    }
  }
  return { dtype, shape, data } as HostTensor;
}

/** Runs a line of an op's table on a backend, and on the reference for what it should be. */
export async function runTableCase<Op extends OpName>(
  definition: OpDefinition<Op>,
  options: {
    readonly opCase: OpCase<Op>;
    readonly backend: Backend;
    readonly reference: Backend;
  },
): Promise<readonly Comparison[]> {
  const { opCase, backend, reference } = options;
  const inputs = Object.fromEntries(
    opCase.inputs.map((input, at) => [`x${at}`, drawInput(input, 1000 + at)]),
  );
  const build = (given: Inputs) => ({
    y: apply(definition, opCase.inputs.map((_, at) => given[`x${at}`]!), opCase.attributes),
  });
  const [actual, expected] = [
    (await runOnce(backend, { build, inputs })).y!,
    (await runOnce(reference, { build, inputs })).y!,
  ];
  // The reference rounds once: its own error is half a unit in the last place of the largest element.
  const m = magnitude(expected.data);
  const bound = boundOf("network", { error: 2 ** -24 * m, magnitude: m, exact: false });
  const whole = expected.dtype === "i32" || expected.dtype === "u8";
  return [{ name: "y", actual: actual.data, expected: expected.data, bound: whole ? 0 : bound }];
}

/** All ops in the table's order. */
export function opDefinitions(): OpDefinition<OpName>[] {
  // A union of definitions, as one type for loops: each is called with its own cases only.
  return Object.values(ops) as unknown as OpDefinition<OpName>[];
}
