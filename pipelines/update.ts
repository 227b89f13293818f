/**
 * A row of a plan as a graph: the whole update in one fused program.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import {
  abs,
  add,
  clamp,
  div,
  exp,
  maximum,
  minimum,
  mul,
  quantile,
  reshape,
  slice,
  split,
  sqrt,
  sub,
  unary,
} from "../graph/ops/mod.ts";
import { f32, sizeOf, type TensorSpec } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Limit, Row, Terms } from "../schedulers/plan.ts";

/** One term of a sum: which tensor, and its weight. */
interface Term {
  readonly tensor: string;
  readonly weight: number;
}

/**
 * `output` is present only where the row evaluates; noise and kept registers are numbered. Several draws of noise become one
 * mixture: what an undone step of RePaint adds up may be hundreds.
 */
function listTerms(terms: Terms, mixtures: (readonly number[])[]): Term[] {
  const draws = terms.noise ?? [];
  const mixed = draws.filter((weight) => weight !== 0).length > 1;
  const named: [string, number | undefined][] = [
    ["sample", terms.sample],
    ["output", terms.output],
    ["clean", terms.clean],
    ...(mixed
      ? [[`mixture.${mixtures.push(draws) - 1}`, 1] as [string, number]]
      : draws.map((weight, at): [string, number] => [`noise.${at}`, weight])),
    ...(terms.kept ?? []).map((weight, at): [string, number] => [`kept.${at}`, weight]),
  ];
  // An absent term and a weight of 0 are the same: 0 times infinity must not become NaN.
  return named.flatMap(([tensor, weight]) =>
    weight === undefined || weight === 0 ? [] : [{ tensor, weight }]
  );
}

/** What of a row decides its graph; everything else is in the weights. */
interface Shape {
  readonly clean: readonly string[] | null;
  readonly limit: Limit | null;
  readonly variance: "learned" | "unused" | "bounds" | null;
  readonly writes: readonly { readonly to: string; readonly terms: readonly string[] }[];
}

/** A row's update, ready to be run. */
export interface RowUpdate {
  /** Equal for rows that one program serves. */
  readonly key: string;
  /** The weights of all terms, in the graph's order; the input `weights`. */
  readonly weights: readonly number[];
  /** Inputs besides `weights`: `sample`, `output`, `noise.0`, `mixture.0`, `kept.1`. */
  readonly inputs: readonly string[];
  /** The weights of the row's draws in each `mixture`. */
  readonly mixtures: readonly (readonly number[])[];
  /** Outputs: `sample`, `kept.0`. */
  readonly outputs: readonly string[];
  /** Traces the update of samples `[n, c, h, w]`. */
  graph(shape: readonly number[]): Graph;
}

/** Prepares a row of a plan. The graph takes its weights as one small input, so that rows share programs. */
export function rowUpdate(row: Row): RowUpdate {
  const mixtures: (readonly number[])[] = [];
  const clean = row.clean === undefined ? null : listTerms(row.clean.terms, mixtures);
  const writes = row.writes.map(({ to, terms }) => ({
    to: to === "sample" ? "sample" : `kept.${to}`,
    terms: listTerms(terms, mixtures),
  }));
  const shape: Shape = {
    clean: clean?.map(({ tensor }) => tensor) ?? null,
    limit: row.clean?.limit ?? null,
    variance: typeof row.variance === "object" ? "bounds" : row.variance ?? null,
    writes: writes.map(({ to, terms }) => ({ to, terms: terms.map(({ tensor }) => tensor) })),
  };
  const terms = [...(clean ?? []), ...writes.flatMap((write) => write.terms)];
  const names = new Set(terms.map(({ tensor }) => tensor));
  if (row.variance !== undefined) names.add("output");
  names.delete("clean");
  return {
    key: JSON.stringify(shape),
    weights: [
      ...terms.map(({ weight }) => weight),
      ...(typeof row.variance === "object" ? [row.variance.minLog, row.variance.maxLog] : []),
    ],
    inputs: [...names],
    mixtures,
    outputs: writes.map(({ to }) => to),
    graph: (sampleShape) => traceUpdate(shape, { sampleShape, inputs: [...names] }),
  };
}

function traceUpdate(
  shape: Shape,
  options: { readonly sampleShape: readonly number[]; readonly inputs: readonly string[] },
): Graph {
  const { sampleShape, inputs } = options;
  const [n, c, ...rest] = sampleShape as [number, number, ...number[]];
  const count = (shape.clean?.length ?? 0) +
    shape.writes.reduce((sum, { terms }) => sum + terms.length, 0);
  const bounds = shape.variance === "bounds" ? 2 : 0; // their logarithms stand last among the weights
  const specs: Record<string, TensorSpec> = Object.fromEntries(
    inputs.map((name) => [
      name,
      name === "output" && shape.variance !== null ? f32(n, 2 * c, ...rest) : f32(...sampleShape),
    ]),
  );
  return trace<string>((given) => {
    const tensors = new Map<string, Tensor>(Object.entries(given));
    const weightAt = (at: number) =>
      reshape(slice(given.weights!, { axis: 0, start: at, stop: at + 1 }), []);
    if (shape.variance !== null) {
      const [output, deviation] = learnedDeviation(given.output!, {
        variance: shape.variance,
        minLog: () => weightAt(count),
        maxLog: () => weightAt(count + 1),
      });
      tensors.set("output", output);
      if (deviation !== null) {
        for (const name of inputs) {
          if (/^(noise|mixture)\./.test(name)) {
            tensors.set(name, mul(tensors.get(name)!, deviation));
          }
        }
      }
    }
    let next = 0;
    const weighted = (names: readonly string[]): Tensor => {
      const products = names.map((name) => {
        return mul(tensors.get(name)!, weightAt(next++));
      });
      return products.length === 0
        ? mul(tensors.values().next().value!, 0)
        : products.reduce((sum, product) => add(sum, product));
    };
    if (shape.clean !== null) {
      const clean = weighted(shape.clean);
      tensors.set("clean", shape.limit === null ? clean : limited(clean, shape.limit));
    }
    return Object.fromEntries(shape.writes.map(({ to, terms }) => [to, weighted(terms)]));
  }, { ...specs, weights: f32(Math.max(1, count + bounds)) });
}

/** Clamped, or thresholded per image (Saharia et al. 2022, section 2.3). */
function limited(x: Tensor, limit: Limit): Tensor {
  if ("clamp" in limit) return clamp(x, { min: -limit.clamp, max: limit.clamp });
  const n = x.size(0);
  const flat = reshape(abs(x), [n, sizeOf(x.shape) / n]);
  const raw = clamp(quantile(flat, { q: limit.quantile }), { min: 1, max: limit.ceiling });
  const bound = reshape(raw, [n, ...x.shape.slice(1).map(() => 1)]);
  return div(maximum(minimum(x, bound), unary("negate", bound)), bound);
}

/** The network's prediction, and what its second half of channels multiplies the noise by. */
function learnedDeviation(
  output: Tensor,
  options: {
    readonly variance: NonNullable<Shape["variance"]>;
    readonly minLog: () => Tensor;
    readonly maxLog: () => Tensor;
  },
): [prediction: Tensor, deviation: Tensor | null] {
  const c = output.size(1) / 2;
  const [prediction, v] = split(output, { axis: 1, sizes: [c, c] }) as [Tensor, Tensor];
  switch (options.variance) {
    case "unused":
      return [prediction, null];
    case "learned":
      return [prediction, sqrt(v)];
    case "bounds": {
      const share = mul(add(v, 1), 0.5);
      const log = add(mul(share, options.maxLog()), mul(sub(1, share), options.minLog()));
      return [prediction, exp(mul(log, 0.5))];
    }
  }
}
