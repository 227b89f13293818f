/**
 * A sampler as a table of numbers.
 *
 * Every solver here moves a sample `x = signal x0 + noise n` from noise to picture by weighted sums of a few tensors:
 * the sample, what the network said of it (now and before), fresh noise. A {@linkcode Plan} holds these weights, row by
 * row; it is computed before sampling starts and no solver code runs on tensors.
 *
 * @module
 */

/** How much signal and how much noise a sample holds: `x = signal x0 + noise n`. */
export interface Level {
  /** Weight of the clean sample. */
  readonly signal: number;
  /** Weight of unit noise. */
  readonly noise: number;
}

/** A weighted sum. Absent terms have weight 0 and are not computed: a weight of 0 times infinity must not be NaN. */
export interface Terms {
  /** Weight of the sample as it came into the row. */
  readonly sample?: number;
  /** Weight of the network's output in this row. */
  readonly output?: number;
  /** Weight of {@linkcode Row.clean}. */
  readonly clean?: number;
  /** Weights of this row's draws of unit noise, in the order of drawing. */
  readonly noise?: readonly number[];
  /** Weights of the kept registers, by their numbers. */
  readonly kept?: readonly number[];
}

/** What limits a prediction of the clean sample. */
export type Limit =
  /** Clamped to `-clamp..clamp`. */
  | { readonly clamp: number }
  /**
   * Dynamic thresholding (Saharia et al. 2022, section 2.3): s is the `quantile` of |x| per image, clamped to `1..ceiling`;
   * x is clamped to `-s..s` and divided by s.
   */
  | { readonly quantile: number; readonly ceiling: number };

/** One row: at most one evaluation of the network, then an update. */
export interface Row {
  /** The network's call: it gets `inputScale * sample`. Absent: a move without the network (RePaint's undo). */
  readonly evaluate?: { readonly timestep: number; readonly inputScale: number };
  /** Level of the incoming sample, for previews and masked blending. */
  readonly level: Level;
  /** A prediction of the clean sample, made from all terms but itself, then limited. */
  readonly clean?: { readonly terms: Terms; readonly limit?: Limit };
  /** How many unit normals are drawn here, each of the sample's shape, in order, used or not. */
  readonly draws: number;
  /**
   * Present where the network's output has twice the channels, of which `output` is the first half. The second half, v, weighs
   * the noise elementwise, on top of its own weight: by `sqrt(v)` if it is the variance itself (`learned`), by
   * `exp((s maxLog + (1 - s) minLog) / 2)` with `s = (v + 1) / 2` if it lies between two bounds (Nichol & Dhariwal 2021,
   * equation 15), or not at all (`unused`).
   */
  readonly variance?: "learned" | "unused" | { readonly minLog: number; readonly maxLog: number };
  /** Simultaneous assignments; a number is a kept register. */
  readonly writes: readonly { readonly to: "sample" | number; readonly terms: Terms }[];
  /**
   * What a known region becomes (inpainting): its level, whose noise it gets, and when it is put in. Absent: it stays as the
   * row leaves it. `start` is the noise of image to image's start, `row` the row's first draw, `own` a draw of its own.
   */
  readonly known?: Level & {
    readonly draw: "start" | "row" | "own";
    readonly when: "before" | "after";
  };
}

/** A whole trajectory. */
export interface Plan {
  /** Unit noise times this is the first sample. */
  readonly initialScale: number;
  /** Level of the first sample: what a picture is brought to before sampling starts from it. */
  readonly start: Level;
  /** Number of kept registers, each of the sample's shape. They start at 0. */
  readonly kept: number;
  /** In the order of execution. */
  readonly rows: readonly Row[];
}
