/**
 * UniPC (Zhao et al. 2023): a multistep predictor, whose result the next evaluation corrects.
 *
 * @module
 */
import { choice, flag, integer, numbers, only } from "./config_keys.ts";
import { thresholdKeys } from "./limits.ts";
import { history } from "./multistep.ts";
import { noiseScheduleKeys, zeroSnrKey } from "./noise_schedule.ts";
import type { Terms } from "./plan.ts";
import { PREDICTIONS } from "./prediction.ts";
import { sigmaSpacingKeys } from "./sigma_spacing.ts";
import { sigmaTable, spacingKeys } from "./sigmas.ts";
import { type Move, type SchedulerClass, schedulerClass } from "./solver.ts";
import { kept, SAMPLE, sum } from "./terms.ts";
import { converted, noFlowKeys, type Point, pointOf, wholePlacement } from "./whole_placement.ts";

/** Register: the sample before the last step, corrected. */
const LAST = 0;

/** `UniPCMultistepScheduler`. */
export const uniPcMultistep: SchedulerClass = schedulerClass({
  name: "UniPCMultistepScheduler",
  keys: {
    ...noiseScheduleKeys(),
    ...zeroSnrKey,
    ...thresholdKeys,
    ...sigmaSpacingKeys,
    ...spacingKeys,
    ...noFlowKeys,
    solver_order: integer(2, { least: 1 }),
    prediction_type: choice("epsilon", PREDICTIONS),
    predict_x0: flag(true),
    solver_type: choice("bh2", ["bh1", "bh2"], { midpoint: "bh2", heun: "bh2", logrho: "bh2" }),
    lower_order_final: flag(true),
    disable_corrector: numbers(),
    solver_p: only(null, "a predictor of another class is an object of Python's"),
    final_sigmas_type: choice("zero", ["zero", "sigma_min"]),
  },
  accepts: ["strength", "begin"],
  solve: (config) => {
    const table = sigmaTable(config);
    const { solver_order: most, predict_x0: integratesPicture, solver_type: type } = config;
    const past = history(Array.from({ length: most }, (_, k) => LAST + 1 + k));
    return {
      noiseSchedule: table.schedule,
      track: (count) => {
        const { timesteps, sigmas: placed } = wholePlacement({
          table,
          steps: count!,
          spacing: config.timestep_spacing,
          offset: config.steps_offset,
        });
        const least = table.spread === undefined ? table.sigmas[0]! : placed.at(-1)!;
        const last = config.final_sigmas_type === "zero" ? 0 : least;
        const sigmas = Float32Array.of(...placed, last);
        const points = Array.from(sigmas, pointOf);
        const orderAt = (position: number, done: number) =>
          Math.min(most, done + 1, config.lower_order_final ? timesteps.length - position : most);

        const move = (timestep: number, position: number, done: number): Move => {
          // The output is read at the predicted sample, also where that is then corrected.
          const { clean, value } = converted({
            prediction: config.prediction_type,
            point: points[position]!,
            of: integratesPicture ? "picture" : "noise",
            config: integratesPicture ? config : { ...config, thresholding: false },
          });
          const before = past.before(done);
          const corrects = done > 0 && !config.disable_corrector.includes(position - 1);
          const behind = (position: number, count: number) =>
            Array.from({ length: count }, (_, k) => points[position - k]!);
          const step = { type, integratesPicture };
          const x = corrects
            ? unified({
              ...step,
              x: kept(LAST),
              values: before.slice(0, orderAt(position - 1, done - 1)),
              points: behind(position - 1, orderAt(position - 1, done - 1)),
              to: points[position]!,
              value,
            })
            : SAMPLE;
          const order = orderAt(position, done);
          const next = unified({
            ...step,
            x,
            values: [value, ...before].slice(0, order),
            points: behind(position, order),
            to: points[position + 1]!,
          });
          return {
            evaluate: { timestep, inputScale: 1 },
            clean,
            draws: 0,
            writes: [
              { to: "sample", terms: next },
              { to: LAST, terms: x },
              past.keep(done, value),
            ],
          };
        };
        return {
          timesteps,
          sigmas,
          initialScale: 1,
          kept: 1 + most,
          level: (position) => points[position]!,
          moves: (begin) => timesteps.slice(begin).map((t, i) => move(t, begin + i, i)),
        };
      },
    };
  },
});

/**
 * UniP of equation 5 or, with the value at the end of the step, UniC of equation 3. `values` and `points` are those at the start
 * of the step and before, the newest first; their number is the order.
 */
function unified(
  { x, values, points, to, value, type, integratesPicture }: {
    readonly x: Terms;
    readonly values: readonly Terms[];
    readonly points: readonly Point[];
    readonly to: Point;
    readonly value?: Terms;
    readonly type: "bh1" | "bh2";
    readonly integratesPicture: boolean;
  },
): Terms {
  const from = points[0]!;
  const order = points.length;
  const h = to.lambda - from.lambda;
  const hh = integratesPicture ? -h : h;
  const phi = Math.expm1(hh);
  const b = type === "bh1" ? hh : phi;
  const ratios = points.slice(1).map((point) => (point.lambda - from.lambda) / h);
  // Where the predictor's order is 2 and the corrector's is 1, both allow 1/2 (section 3.1).
  const rhos = value === undefined
    ? order <= 2 ? ratios.map(() => 0.5) : solved(ratios, { hh, phi, b })
    : order === 1
    ? [0.5]
    : solved([...ratios, 1], { hh, phi, b });
  const all = value === undefined ? values.slice(1) : [...values.slice(1), value];
  const scale = integratesPicture ? to.signal : to.noise;
  return sum(
    [integratesPicture ? to.noise / from.noise : to.signal / from.signal, x],
    [-scale * phi, values[0]!],
    ...all.flatMap((one, k) => {
      const weight = -scale * b * rhos[k]! / (ratios[k] ?? 1);
      return [[weight, one] as const, [-weight, values[0]!] as const];
    }),
  );
}

/** Solves `Σ_k rho_k r_k^(i-1) = i! φ_(i+1)(hh) / B(h)` for i from 1 (equations 4 and 6). */
function solved(
  ratios: readonly number[],
  { hh, phi, b }: { readonly hh: number; readonly phi: number; readonly b: number },
): number[] {
  let factorial = 1;
  let phiK = phi / hh - 1;
  const rows = ratios.map((_, i) => {
    const right = phiK * factorial / b;
    factorial *= i + 2;
    phiK = phiK / hh - 1 / factorial;
    return [...ratios.map((ratio) => ratio ** i), right];
  });
  return eliminated(rows);
}

/** Gauss elimination with row pivots of `[A | b]`. */
function eliminated(rows: readonly (readonly number[])[]): number[] {
  const work = rows.map((row) => [...row]);
  const size = work.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row;
    }
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = work[row]![column]! / work[column]![column]!;
      work[row] = work[row]!.map((x, k) => x - factor * work[column]![k]!);
    }
  }
  return work.map((row, i) => row[size]! / row[i]!);
}
