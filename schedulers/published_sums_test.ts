import { assertAlmostEquals } from "@std/assert";
import { TorchGenerator } from "../random/torch_generator.ts";
import type { Plan, Terms } from "./plan.ts";
import { type PlanOptions, scheduler } from "./scheduler.ts";
import { simulate } from "./simulate.ts";

const LINEAR = { beta_start: 0.0001, beta_end: 0.02, beta_schedule: "linear" };
const LINEAR_1100 = { ...LINEAR, num_train_timesteps: 1100 };
const LCM = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" };
const V = { prediction_type: "v_prediction" };
const KARRAS = { use_karras_sigmas: true };
const TO_SIGMA_MIN = { final_sigmas_type: "sigma_min" };
const MULTISTEP = { ...LINEAR, ...TO_SIGMA_MIN, lower_order_final: false };
const SHAPE = [4, 3, 8, 8];

/** Class, configuration, steps, what diffusers' tests/schedulers publish, and to how many parts. */
const SUMS: readonly (readonly [
  name: string,
  config: Record<string, unknown>,
  steps: number,
  published: { readonly sum: number } | { readonly mean: number },
  options?: PlanOptions,
])[] = [
  ["DDPMScheduler", LINEAR, 1000, { sum: 258.9606 }],
  ["DDPMScheduler", { ...LINEAR, ...V }, 1000, { sum: 202.0296 }],
  ["DDIMScheduler", LINEAR, 10, { sum: 172.0067 }],
  ["DDIMScheduler", { ...LINEAR, ...V }, 10, { sum: 52.5302 }],
  ["DDIMScheduler", { ...LINEAR, set_alpha_to_one: true, beta_start: 0.01 }, 10, { sum: 149.8295 }],
  ["DDIMScheduler", { ...LINEAR, set_alpha_to_one: false, beta_start: 0.01 }, 10, {
    sum: 149.0784,
  }],
  ["DDIMInverseScheduler", LINEAR, 10, { sum: 671.6816 }],
  ["PNDMScheduler", LINEAR, 10, { sum: 198.1318 }],
  ["PNDMScheduler", { ...LINEAR, ...V }, 10, { sum: 67.3986 }],
  ["PNDMScheduler", { ...LINEAR, set_alpha_to_one: true, beta_start: 0.01 }, 10, { sum: 230.0399 }],
  ["PNDMScheduler", { ...LINEAR, set_alpha_to_one: false, beta_start: 0.01 }, 10, {
    sum: 186.9482,
  }],
  ["EulerDiscreteScheduler", LINEAR_1100, 10, { sum: 10.0807 }],
  ["EulerDiscreteScheduler", { ...LINEAR_1100, ...V }, 10, { sum: 0.0002 }],
  ["EulerDiscreteScheduler", { ...LINEAR_1100, ...KARRAS }, 10, { sum: 124.523 }],
  ["EulerAncestralDiscreteScheduler", LINEAR_1100, 10, { sum: 152.3192 }],
  ["EulerAncestralDiscreteScheduler", { ...LINEAR_1100, ...V }, 10, { sum: 108.4439 }],
  ["HeunDiscreteScheduler", LINEAR_1100, 10, { sum: 0.1233 }],
  ["LMSDiscreteScheduler", LINEAR_1100, 10, { sum: 1006.388 }],
  ["LMSDiscreteScheduler", { ...LINEAR_1100, ...KARRAS }, 10, { sum: 3812.9927 }],
  ["KDPM2DiscreteScheduler", LINEAR_1100, 10, { sum: 20.4125 }],
  ["KDPM2AncestralDiscreteScheduler", LINEAR_1100, 10, { sum: 13979.9433 }],
  ["KDPM2AncestralDiscreteScheduler", { ...LINEAR_1100, ...V }, 10, { sum: 331.8133 }],
  ["DPMSolverMultistepScheduler", MULTISTEP, 10, { mean: 0.3301 }],
  ["DPMSolverMultistepScheduler", { ...MULTISTEP, ...V }, 10, { mean: 0.2251 }],
  ["DPMSolverMultistepScheduler", { ...MULTISTEP, ...V, ...KARRAS }, 10, { mean: 0.2096 }],
  ["DPMSolverMultistepScheduler", { ...MULTISTEP, ...V, use_lu_lambdas: true }, 10, {
    mean: 0.1554,
  }],
  [
    "DPMSolverMultistepScheduler",
    {
      ...MULTISTEP,
      thresholding: true,
      dynamic_thresholding_ratio: 0.87,
      sample_max_value: 0.5,
    },
    10,
    { mean: 1.1364 },
  ],
  ["DPMSolverSinglestepScheduler", { ...LINEAR, ...TO_SIGMA_MIN }, 10, { mean: 0.2791 }],
  ["DPMSolverSinglestepScheduler", { ...LINEAR, ...TO_SIGMA_MIN, ...KARRAS }, 10, { mean: 0.2248 }],
  ["DPMSolverSinglestepScheduler", { ...LINEAR, ...TO_SIGMA_MIN, ...V }, 10, { mean: 0.1453 }],
  ["UniPCMultistepScheduler", { ...LINEAR, ...TO_SIGMA_MIN }, 10, { mean: 0.2464 }],
  ["UniPCMultistepScheduler", { ...LINEAR, ...TO_SIGMA_MIN, ...KARRAS }, 10, { mean: 0.2925 }],
  ["UniPCMultistepScheduler", { ...LINEAR, ...TO_SIGMA_MIN, ...V }, 10, { mean: 0.1014 }],
  ["UniPCMultistepScheduler", { ...LINEAR, ...TO_SIGMA_MIN, ...V, ...KARRAS }, 10, {
    mean: 0.1966,
  }],
  ["DEISMultistepScheduler", LINEAR, 10, { mean: 0.23916 }],
  ["DEISMultistepScheduler", { ...LINEAR, ...V }, 10, { mean: 0.091 }],
  ["LCMScheduler", LCM, 1, { sum: 18.7097 }],
  ["LCMScheduler", LCM, 10, { sum: 197.7616 }],
  ["TCDScheduler", LCM, 1, { sum: 29.8715 }, { eta: 0 }],
  ["TCDScheduler", LCM, 10, { sum: 181.204 }, { eta: 0 }],
];

for (const [name, config, steps, published, options = {}] of SUMS) {
  const [[measure, expected]] = Object.entries(published) as [[string, number]];
  Deno.test(`${name} ${JSON.stringify(config)} in ${steps} steps: ${measure} ${expected}`, () => {
    const plan = scheduler({ ...config, _class_name: name }).plan(steps, options);
    const generator = new TorchGenerator(0);
    const rows = simulate(fromScaledInputs(plan), {
      shape: SHAPE,
      sample: deterministicSample().map((x) => x * plan.initialScale),
      model: (x, t) => x.map((value) => value * t / (t + 1)),
      draw: () => generator.randn(768),
    });
    const last = rows.at(-1)!.sample;
    const sum = last.reduce((total, x) => total + Math.abs(x), 0);
    // The tests allow 1e-2 of sums and 1e-3 of means.
    if (measure === "sum") assertAlmostEquals(sum, expected, 1e-2);
    else assertAlmostEquals(sum / last.length, expected, 1e-3);
  });
}

/** The sample of diffusers' tests: 0 to 1 along the memory of `[3, 8, 8, 4]`, seen as `[4, 3, 8, 8]`. */
function deterministicSample(): Float32Array {
  const [n, size] = [4, 3 * 8 * 8];
  return Float32Array.from(
    { length: n * size },
    (_, i) => ((i % size) * n + Math.floor(i / size)) / (n * size),
  );
}

/** diffusers' tests step from the sample that was scaled for the network, as no pipeline does. */
function fromScaledInputs(plan: Plan): Plan {
  return {
    ...plan,
    rows: plan.rows.map((row) => {
      const scale = row.evaluate?.inputScale ?? 1;
      const scaled = (terms: Terms): Terms =>
        terms.sample === undefined ? terms : { ...terms, sample: terms.sample * scale };
      return {
        ...row,
        ...(row.clean && { clean: { ...row.clean, terms: scaled(row.clean.terms) } }),
        writes: row.writes.map((write) => ({ ...write, terms: scaled(write.terms) })),
      };
    }),
  };
}
