/**
 * Runs plans on plain numbers: the definition of what a row means.
 *
 * @module
 */
import type { Limit, Plan, Row, Terms } from "./plan.ts";

/** What a plan is run with. All arrays are row-major. */
export interface SimulateOptions {
  /** Sizes of the sample, `[n, c, ...]`. */
  readonly shape: readonly number[];
  /** The first sample. */
  readonly sample: Float32Array;
  /** The network. With a learned variance its output has `2 c` channels. */
  readonly model: (input: Float32Array, timestep: number) => Float32Array;
  /** Unit normals of the sample's shape; k counts the draws of the whole plan. */
  readonly draw: (k: number) => Float32Array;
  /** A region that is known beforehand. */
  readonly known?: KnownRegion;
}

/** A region that is known beforehand (inpainting). */
export interface KnownRegion {
  /** The picture, of the sample's shape. */
  readonly image: Float32Array;
  /** 1 where the picture is known, 0 where it is made; of the sample's shape. */
  readonly mask: Float32Array;
  /** The noise of rows whose draw is `start`. */
  readonly startNoise?: Float32Array;
  /** The noise of rows whose draw is `own`, by row. */
  readonly ownNoise?: (row: number) => Float32Array;
}

/** What happened in one row. */
export interface SimulatedRow {
  /** The timestep of its evaluation, if it has one. */
  readonly timestep?: number;
  /** The network's input. */
  readonly input?: Float32Array;
  /** The network's output. */
  readonly output?: Float32Array;
  /** The limited prediction, if the row has one. */
  readonly clean?: Float32Array;
  /** The sample after the row. */
  readonly sample: Float32Array;
}

/** Runs all rows. Registers start at 0. Samples, registers and network inputs are stored in single precision; sums are made in double. */
export function simulate(plan: Plan, options: SimulateOptions): readonly SimulatedRow[] {
  const { shape, model, draw, known } = options;
  let sample = options.sample;
  const registers = Array.from({ length: plan.kept }, () => new Float32Array(sample.length));
  let drawn = 0;
  return plan.rows.map((row, index): SimulatedRow => {
    const noises = Array.from({ length: row.draws }, () => draw(drawn++));
    if (known !== undefined && row.known?.when === "before") {
      sample = blended(sample, { known, to: row.known, index, noises });
    }
    const call = row.evaluate && evaluated(sample, { evaluate: row.evaluate, model });
    const [output, variance] = call === undefined
      ? []
      : row.variance === undefined
      ? [call.output]
      : split(call.output, shape);
    const values: Values = {
      sample,
      kept: registers,
      noise: weighedNoises(noises, { variance, kind: row.variance }),
      ...(output && { output }),
    };
    const clean = row.clean &&
      limited(summed(row.clean.terms, values), { limit: row.clean.limit, shape });
    const results = row.writes.map(({ terms }) =>
      Float32Array.from(summed(terms, clean === undefined ? values : { ...values, clean }))
    );
    row.writes.forEach(({ to }, i) => {
      if (to === "sample") sample = results[i]!;
      else registers[to] = results[i]!;
    });
    if (known !== undefined && row.known?.when === "after") {
      sample = blended(sample, { known, to: row.known, index, noises });
    }
    return { ...call, ...(clean && { clean: Float32Array.from(clean) }), sample };
  });
}

/** What terms are taken of. */
interface Values {
  readonly sample: Float32Array;
  readonly output?: Float32Array;
  readonly clean?: Float64Array;
  readonly noise: readonly ArrayLike<number>[];
  readonly kept: readonly Float32Array[];
}

function evaluated(
  sample: Float32Array,
  { evaluate: { timestep, inputScale }, model }: {
    readonly evaluate: NonNullable<Row["evaluate"]>;
    readonly model: SimulateOptions["model"];
  },
): { timestep: number; input: Float32Array; output: Float32Array } {
  const input = sample.map((x) => x * inputScale);
  return { timestep, input, output: model(input, timestep) };
}

/** A weighted sum in double precision. */
function summed(terms: Terms, values: Values): Float64Array {
  const total = new Float64Array(values.sample.length);
  const add = (weight: number | undefined, of: ArrayLike<number> | undefined) => {
    if (weight === undefined || weight === 0) return;
    if (of === undefined) {
      throw new Error("Cannot sum a row: it weighs a value that it does not make");
    }
    for (let i = 0; i < total.length; i++) total[i]! += weight * of[i]!;
  };
  add(terms.sample, values.sample);
  add(terms.output, values.output);
  add(terms.clean, values.clean);
  terms.noise?.forEach((weight, k) => add(weight, values.noise[k]));
  terms.kept?.forEach((weight, k) => add(weight, values.kept[k]));
  return total;
}

/** Halves a network's output along its channels. `[n, 2 c, ...]` → two of `[n, c, ...]`. */
function split(output: Float32Array, shape: readonly number[]): [Float32Array, Float32Array] {
  const size = output.length / shape[0]! / 2;
  const half = (offset: number) =>
    Float32Array.from(
      { length: output.length / 2 },
      (_, i) => output[Math.floor(i / size) * 2 * size + offset + i % size]!,
    );
  return [half(0), half(size)];
}

/** Noise times its learned deviation. */
function weighedNoises(
  noises: readonly Float32Array[],
  { variance, kind }: {
    readonly variance: Float32Array | undefined;
    readonly kind: Row["variance"];
  },
): readonly ArrayLike<number>[] {
  if (kind === undefined || kind === "unused" || variance === undefined) return noises;
  const deviation = Float64Array.from(variance, (v) => {
    if (kind === "learned") return Math.sqrt(v);
    const share = (v + 1) / 2;
    return Math.exp(0.5 * (share * kind.maxLog + (1 - share) * kind.minLog));
  });
  return noises.map((noise) => deviation.map((weight, i) => weight * noise[i]!));
}

function limited(
  values: Float64Array,
  { limit, shape }: { readonly limit: Limit | undefined; readonly shape: readonly number[] },
): Float64Array {
  if (limit === undefined) return values;
  if ("clamp" in limit) return clamped(values, limit.clamp);
  const size = values.length / shape[0]!;
  const images = Array.from({ length: shape[0]! }, (_, n) => {
    const image = values.subarray(n * size, (n + 1) * size);
    const most = Math.max(quantile(image.map(Math.abs), limit.quantile), 1);
    const ceiling = Math.min(most, limit.ceiling);
    return clamped(image, ceiling).map((x) => x / ceiling);
  });
  return Float64Array.from(images.flatMap((image) => [...image]));
}

function clamped(values: Float64Array, most: number): Float64Array {
  return values.map((x) => Math.min(Math.max(x, -most), most));
}

/** Interpolated between the two nearest ranks, as torch.quantile does by default. Sorts its argument. */
function quantile(values: Float64Array, q: number): number {
  values.sort();
  const rank = q * (values.length - 1);
  const low = Math.floor(rank);
  const [a, b] = [values[low]!, values[Math.min(low + 1, values.length - 1)]!];
  return a + (b - a) * (rank - low);
}

/** Puts the known region, brought to the row's level, into a sample. */
function blended(
  sample: Float32Array,
  { known: { image, mask, startNoise, ownNoise }, to, index, noises }: {
    readonly known: KnownRegion;
    readonly to: NonNullable<Row["known"]>;
    readonly index: number;
    readonly noises: readonly Float32Array[];
  },
): Float32Array {
  const noiseOf = () =>
    to.draw === "start" ? startNoise : to.draw === "row" ? noises[0] : ownNoise?.(index);
  const noise = to.noise === 0 ? image : noiseOf();
  if (noise === undefined) {
    throw new Error(`Cannot keep a region in row ${index}: it wants noise of its ${to.draw}`);
  }
  return sample.map((x, i) =>
    mask[i]! * (to.signal * image[i]! + to.noise * noise[i]!) + (1 - mask[i]!) * x
  );
}
