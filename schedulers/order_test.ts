/**
 * Every solver without noise comes nearer to the exact solution at its own order.
 *
 * The pictures are normal, so that the best network and the flow are known in closed form. Noise levels are evenly spread in
 * their logarithm from 10 to 0.1. Measured over 25, 49 and 97 steps: with fewer, higher orders still help; with more, the
 * third order meets single precision. Timesteps, sigmas and singles are rounded, which moves an order by some hundredths.
 */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { flowError } from "../tests/gaussian_flow.ts";
import { CLASSES } from "./classes.ts";
import type { Plan, Terms } from "./plan.ts";
import type { Prediction } from "./prediction.ts";
import { type PlanOptions, scheduler } from "./scheduler.ts";

const GAUSSIAN = { mean: 0.5, deviation: 0.7 };
const STEPS = [25, 49, 97] as const;
/** 24 and 48 and 96 divide one less. */
const TRAIN_STEPS = 2401;
const [MOST, LEAST] = [10, 0.1];
/** Orders above: a start that is of lower order still shows; below: it is the limit that is promised. */
const [BELOW, ABOVE] = [0.25, 0.6];

interface Case {
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly options?: PlanOptions;
  readonly order: number;
  readonly predictions?: readonly (Prediction | "edm")[];
}

const EPSILON = ["epsilon"] as const;
const NO_CLIP = { clip_sample: false, set_alpha_to_one: false };
const TO_LEAST = { final_sigmas_type: "sigma_min" };

const CASES: readonly Case[] = [
  { name: "DDIMScheduler", config: NO_CLIP, order: 1 },
  { name: "DDIMInverseScheduler", config: NO_CLIP, order: 1 },
  { name: "EulerDiscreteScheduler", order: 1 },
  { name: "HeunDiscreteScheduler", order: 2 },
  { name: "KDPM2DiscreteScheduler", order: 2 },
  ...[1, 2, 3].map((order) => ({ name: "LMSDiscreteScheduler", options: { order }, order })),
  // The first step is Euler's whatever the order; it shows the less the more noise there is then.
  { name: "LMSDiscreteScheduler", options: { order: 4 }, order: 3 },
  // Liu et al. 2022: convergent of second order. The weights are for even steps in time, the transfer goes by noise levels.
  { name: "PNDMScheduler", config: { skip_prk_steps: true }, order: 2, predictions: EPSILON },
  { name: "PNDMScheduler", order: 2, predictions: EPSILON },
  ...["dpmsolver++", "dpmsolver"].flatMap((algorithm_type) =>
    ["midpoint", "heun"].flatMap((solver_type) => {
      const of = (solver_order: number) => ({
        config: { solver_order, solver_type, algorithm_type, ...TO_LEAST },
        order: solver_order,
      });
      return [
        ...[1, 2].map((order) => ({ name: "DPMSolverMultistepScheduler", ...of(order) })),
        // The third order starts with the first, whose error is then that of a second order.
        { name: "DPMSolverMultistepScheduler", ...of(3), order: 2 },
        ...[1, 2, 3].map((order) => ({ name: "DPMSolverSinglestepScheduler", ...of(order) })),
      ];
    })
  ),
  { name: "DEISMultistepScheduler", config: { solver_order: 1 }, order: 1 },
  { name: "DEISMultistepScheduler", config: { solver_order: 2 }, order: 2 },
  { name: "DEISMultistepScheduler", config: { solver_order: 3 }, order: 2 }, // likewise
  // Zhao et al. 2023: the corrector adds one order.
  ...["bh1", "bh2"].flatMap((solver_type) =>
    [true, false].flatMap((predict_x0) =>
      [[1, 2], [2, 3], [3, 3]].map(([solver_order, order]) => ({
        name: "UniPCMultistepScheduler",
        config: { solver_order, solver_type, predict_x0, ...TO_LEAST },
        order: order!,
      }))
    )
  ),
  {
    name: "UniPCMultistepScheduler",
    config: { disable_corrector: Array.from({ length: 97 }, (_, i) => i), ...TO_LEAST },
    order: 2,
  },
  { name: "IPNDMScheduler", order: 2, predictions: ["v_prediction"] },
  {
    name: "EDMEulerScheduler",
    config: {
      sigma_min: LEAST,
      sigma_max: MOST,
      sigma_data: GAUSSIAN.deviation,
      sigma_schedule: "exponential",
    },
    order: 1,
    predictions: ["edm"],
  },
  { name: "TCDScheduler", options: { eta: 0, originalInferenceSteps: 2400 }, order: 1 },
  {
    name: "RePaintScheduler",
    config: NO_CLIP,
    options: { jumpNSample: 1 },
    order: 1,
    predictions: EPSILON,
  },
];

/** Noise over signal, evenly spread in its logarithm. */
function sigmaAt(share: number): number {
  return LEAST * (MOST / LEAST) ** share;
}

/** Betas whose noise levels these are. */
function evenBetas(): number[] {
  const alphas = Array.from(
    { length: TRAIN_STEPS },
    (_, t) => 1 / (1 + sigmaAt(t / (TRAIN_STEPS - 1)) ** 2),
  );
  return alphas.map((alpha, t) => 1 - alpha / (alphas[t - 1] ?? 1));
}

const BETAS = evenBetas();

function planOf(
  { name, config = {}, options = {} }: Case,
  { prediction, steps }: { readonly prediction: Prediction | "edm"; readonly steps: number },
): Plan {
  const base = name === "IPNDMScheduler"
    // Its betas are the noise of every step.
    ? {
      trained_betas: Array.from({ length: steps + 1 }, (_, i) => {
        const sigma = sigmaAt(1 - i / steps);
        return sigma / Math.hypot(1, sigma);
      }),
    }
    : { num_train_timesteps: TRAIN_STEPS, trained_betas: BETAS };
  const prediction_type = prediction === "edm" ? "epsilon" : prediction;
  return scheduler({ _class_name: name, ...base, prediction_type, ...config }).plan(steps, options);
}

/** The slope of the logarithm of the error over that of the number of steps. */
function measuredOrder(
  one: Case,
  { prediction, change = (plan) => plan }: {
    readonly prediction: Prediction | "edm";
    readonly change?: (plan: Plan) => Plan;
  },
): number {
  const points = STEPS.map((steps) => {
    const plan = change(planOf(one, { prediction, steps }));
    const error = flowError(plan, { ...GAUSSIAN, prediction });
    return [Math.log(steps), Math.log(Math.abs(error))] as const;
  });
  const mean = (k: 0 | 1) => points.reduce((sum, point) => sum + point[k], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return -points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) /
    points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

function assertOrder(measured: number, order: number): void {
  assert(
    measured > order - BELOW && measured < order + ABOVE,
    `measured ${measured.toFixed(2)}, wanted ${order}`,
  );
}

/** The predictions that a case names, or all that its class knows. */
function predictionsOf({ name, predictions }: Case): readonly (Prediction | "edm")[] {
  return predictions ??
    (["epsilon", "sample", "v_prediction"] as const).filter((prediction) =>
      CLASSES.get(name)!.keys["prediction_type"]!.accept(prediction) !== undefined
    );
}

for (const one of CASES) {
  const { name, config = {}, options = {}, order } = one;
  const said = JSON.stringify(
    { ...config, ...options },
    (key, value) => key === "disable_corrector" ? "all" : value,
  );
  for (const prediction of predictionsOf(one)) {
    Deno.test(`${name} ${said} converges at order ${order}, ${prediction}`, () => {
      assertOrder(measuredOrder(one, { prediction }), order);
    });
  }
}

Deno.test("every class without noise has its order tested", () => {
  const withNoise = [
    "DDPMScheduler",
    "EulerAncestralDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "DPMSolverSDEScheduler",
    "LCMScheduler",
  ];
  const tested = new Set(CASES.map(({ name }) => name));
  assertEquals([...CLASSES.keys()].filter((name) => !tested.has(name)).sort(), withNoise.sort());
});

/** Weighs whatever the network says anew 5 % too much, in every row. */
function tooMuch(plan: Plan): Plan {
  const wrong = ({ output, clean, ...terms }: Terms): Terms => ({
    ...terms,
    ...(output !== undefined && { output: output * 1.05 }),
    ...(clean !== undefined && { clean: clean * 1.05 }),
  });
  return withSampleTerms(plan, wrong);
}

/** Moves a tenth of the weights of what is kept to what is new: a step stays right to the first order. */
function lessOfBefore(plan: Plan): Plan {
  return withSampleTerms(plan, ({ clean, kept, ...terms }) => {
    if (clean === undefined || kept === undefined) return { ...terms, ...(kept && { kept }) };
    const moved = kept.map((weight) => 0.1 * weight);
    return {
      ...terms,
      clean: clean + moved.reduce((sum, weight) => sum + weight, 0),
      kept: kept.map((weight, k) => weight - moved[k]!),
    };
  });
}

function withSampleTerms(plan: Plan, change: (terms: Terms) => Terms): Plan {
  return {
    ...plan,
    rows: plan.rows.map((row) => ({
      ...row,
      writes: row.writes.map(({ to, terms }) => ({
        to,
        terms: to === "sample" ? change(terms) : terms,
      })),
    })),
  };
}

Deno.test("a wrong weight is seen: 5 % too much of the network in any solver", () => {
  for (const one of CASES) {
    const [prediction] = predictionsOf(one);
    const measured = measuredOrder(one, { prediction: prediction!, change: tooMuch });
    assertThrows(() => assertOrder(measured, one.order), Error, "measured", one.name);
  }
});

Deno.test("a wrong weight is seen: a second order whose steps are right to the first only", () => {
  const one = {
    name: "DPMSolverMultistepScheduler",
    config: { solver_order: 2, ...TO_LEAST },
    order: 2,
  };
  const measured = measuredOrder(one, { prediction: "epsilon", change: lessOfBefore });
  assertThrows(() => assertOrder(measured, 2));
});

Deno.test("of v, PLMS mixes several noise levels, and falls to the first order", () => {
  for (const skip_prk_steps of [true, false]) {
    const one = { name: "PNDMScheduler", config: { skip_prk_steps }, order: 1 };
    assertAlmostEquals(measuredOrder(one, { prediction: "v_prediction" }), 1, 0.25);
  }
});
