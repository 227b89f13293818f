/**
 * A problem with a known answer: pictures that are normal with mean μ and deviation s.
 *
 * Of a sample `x = a x0 + σ n` the best prediction of the picture is `μ + a s² / (a² s² + σ²) (x - a μ)`, and the probability
 * flow (Song et al. 2021, "Score-based generative modeling", equation 13) keeps every sample at the same number of standard
 * deviations, `(x - a μ) / √(a² s² + σ²)`, as the levels change.
 *
 * @module
 */
import type { Level, Plan } from "../schedulers/plan.ts";
import type { Prediction } from "../schedulers/prediction.ts";
import { simulate } from "../schedulers/simulate.ts";

/** The distribution of the pictures. */
export interface Gaussian {
  /** μ. */
  readonly mean: number;
  /** s, above 0. */
  readonly deviation: number;
}

/** The flow's sample at another level. */
export function flowed(
  x: number,
  { mean, deviation: s, from, to }: Gaussian & { readonly from: Level; readonly to: Level },
): number {
  const spread = ({ signal, noise }: Level) => Math.hypot(signal * s, noise);
  return to.signal * mean + spread(to) / spread(from) * (x - from.signal * mean);
}

/** What the best network says of a sample. `edm` is that of Karras et al. 2022, table 1, with a σ_data of s. */
export function bestOutput(
  x: number,
  { mean, deviation: s, level: { signal: a, noise }, prediction }: Gaussian & {
    readonly level: Level;
    readonly prediction: Prediction | "edm";
  },
): number {
  const variance = (a * s) ** 2 + noise ** 2;
  const clean = mean + a * s * s / variance * (x - a * mean);
  switch (prediction) {
    case "epsilon":
      return (x - a * clean) / noise;
    case "sample":
      return clean;
    case "v_prediction":
      return (a * (x - a * clean) / noise - noise * clean) / Math.hypot(a, noise);
    case "edm":
      return (clean - s * s / variance * x) / (noise * s / Math.sqrt(variance));
  }
}

/** How far off the flow a plan ends, in deviations of the sample there. */
export function flowError(
  plan: Plan,
  { end, prediction, start = 1, ...gaussian }: Gaussian & {
    readonly prediction: Prediction | "edm";
    /** The level to which all rows lead; by default the last row is left out, and its level is the end. */
    readonly end?: Level;
    /** The first sample, in deviations. */
    readonly start?: number;
  },
): number {
  const rows = end === undefined ? plan.rows.slice(0, -1) : plan.rows;
  const to = end ?? plan.rows.at(-1)!.level;
  const spread = ({ signal, noise }: Level) => Math.hypot(signal * gaussian.deviation, noise);
  const first = plan.start.signal * gaussian.mean + start * spread(plan.start);
  const evaluated = rows.filter((row) => row.evaluate !== undefined);
  let calls = 0;
  const sample = Float32Array.of(first);
  const last = simulate({ ...plan, rows }, {
    shape: [1, 1],
    sample,
    draw: () => Float32Array.of(0),
    model: (input) => {
      const { level, evaluate } = evaluated[calls++]!;
      return input.map((x) =>
        bestOutput(x / evaluate!.inputScale, { ...gaussian, level, prediction })
      );
    },
  }).at(-1)!.sample[0]!;
  return (last - flowed(sample[0]!, { ...gaussian, from: plan.start, to })) / spread(to);
}
