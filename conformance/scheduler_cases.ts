/**
 * Golden cases of schedulers: timesteps, noise levels, whole trajectories with a formula for a network.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import type { Comparison } from "./comparison.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import { sigmasOf } from "../schedulers/noise_schedule.ts";
import type { Level } from "../schedulers/plan.ts";
import { type PlanOptions, type Scheduler, scheduler } from "../schedulers/scheduler.ts";
import { logarithms, sigmaToTimestep } from "../schedulers/sigma_spacing.ts";
import { simulate, type SimulatedRow } from "../schedulers/simulate.ts";
import { executePlan } from "./executed_plan.ts";
import type { GoldenCase } from "./golden_case.ts";

/** The settings of each kind. */
type Settings =
  | TrajectorySettings
  | {
    readonly kind: "scheduler_timesteps";
    readonly class: string;
    readonly config: Config;
    readonly step_counts: readonly number[];
    readonly init_noise_sigma: Readonly<Record<string, number>>;
  }
  | { readonly kind: "scheduler_noise_schedule"; readonly class: string; readonly config: Config }
  | {
    readonly kind: "scheduler_add_noise";
    readonly class: string;
    readonly config: Config;
    readonly steps: number | null;
    readonly timesteps_are: "timesteps" | "positions";
  }
  | {
    readonly kind: "scheduler_img2img_timesteps";
    readonly class: string;
    readonly config: Config;
    readonly settings: readonly (readonly [steps: number, strength: number])[];
  }
  | {
    readonly kind: "repaint_timesteps";
    readonly settings: readonly (readonly [steps: number, length: number, samples: number])[];
  }
  | RePaintSettings;

type Config = Readonly<Record<string, unknown>>;

interface TrajectorySettings {
  readonly kind: "scheduler_trajectory";
  readonly class: string;
  readonly config: Config;
  readonly steps: number | null;
  readonly step: Config;
  readonly set_timesteps: Config;
  readonly strength?: number | null;
  readonly model_variance?: string;
  readonly init_noise_sigma: number;
  readonly noise_steps: readonly number[];
  readonly difference_from_float64: readonly number[];
}

interface RePaintSettings {
  readonly kind: "repaint_trajectory";
  readonly config: Config;
  readonly steps: number;
  readonly jump_length: number;
  readonly jump_n_sample: number;
}

/** Tables of single precision, where torch's square root is off by one unit in the last place, as is what follows from it. */
const TABLE = 4e-7;
/**
 * Rescaling to a zero terminal signal-to-noise ratio subtracts square roots that are close, in which that unit weighs more, and
 * then the variance of the noise from 1.
 */
const RESCALED = { table: 1e-4, noise: 2.4e-7, row: 1e-4, logarithm: 2e-5 };
/** Timesteps found among logarithms. Whole ones are equal. */
const LOGARITHM = 1e-6;
/** What rounding may cost in each row of a sampling loop: shares of the recorded error and of the row's magnitude. */
interface RowBound {
  readonly error: number;
  readonly magnitude: number;
}

/** On plain numbers and on the reference. */
const EXACT: RowBound = { error: 16, magnitude: 2e-5 };
/** On other backends. */
const ROUNDED: RowBound = { error: 64, magnitude: 1e-4 };
const ANCESTRAL_MIDPOINT = "KDPM2AncestralDiscreteScheduler";
/** Classes that find timesteps among logarithms whatever their configuration, and do not round them. */
const LOOKED_UP: ReadonlySet<string> = new Set([
  "KDPM2DiscreteScheduler",
  ANCESTRAL_MIDPOINT,
  "DPMSolverSDEScheduler",
]);
/** Classes that do so where their configuration spreads noise levels. */
const MAY_LOOK_UP: ReadonlySet<string> = new Set([
  "EulerDiscreteScheduler",
  "HeunDiscreteScheduler",
  "LMSDiscreteScheduler",
]);
const SPREADS = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"];

/** Whether a case is one of {@linkcode runSchedulerCase}'s. */
export function isSchedulerCase({ settings: { kind } }: GoldenCase): boolean {
  return kind.startsWith("scheduler_") || kind.startsWith("repaint_");
}

/** What executes trajectories. */
export interface SchedulerCaseOptions {
  /** Runs the loop's graphs. */
  readonly backend: Backend;
  /** Holds the backend to the reference's bounds. */
  readonly exact: boolean;
}

/**
 * Computes what a case computes: its tables, and trajectories both on plain numbers and by the pipelines' loop on a backend.
 *
 * @throws {SchedulerError} The case's configuration is not one of ours.
 */
export async function runSchedulerCase(
  golden: GoldenCase,
  options: SchedulerCaseOptions,
): Promise<readonly Comparison[]> {
  const settings = golden.settings as unknown as Settings;
  switch (settings.kind) {
    case "scheduler_trajectory":
      return await trajectory(golden, { ...options, settings });
    case "scheduler_timesteps": {
      const sampler = schedulerOf(settings);
      return settings.step_counts.flatMap((steps) => {
        const sigmas = sampler.sigmas(steps);
        const name = `output.sigmas.${steps}`;
        return [
          timestepsComparison(golden, {
            name: `output.timesteps.${steps}`,
            actual: sampler.timesteps(steps),
            ...(settings.class === ANCESTRAL_MIDPOINT &&
              { slack: midpointSlack(sampler, sigmas!) }),
          }),
          ...(golden.tensors.has(name)
            ? [tableComparison(golden, { name, actual: sigmas ?? [] })]
            : []),
          scalarComparison("init_noise_sigma", {
            actual: sampler.plan(steps).initialScale,
            expected: settings.init_noise_sigma[steps]!,
          }),
        ];
      });
    }
    case "scheduler_noise_schedule": {
      const { betas, alphasCumprod } = schedulerOf(settings).noiseSchedule!;
      return [
        varianceComparison(golden, { name: "output.betas", actual: betas }),
        varianceComparison(golden, { name: "output.alphas_cumprod", actual: alphasCumprod }),
      ];
    }
    case "scheduler_add_noise":
      return addNoise(golden, settings);
    case "scheduler_img2img_timesteps": {
      const sampler = schedulerOf(settings);
      return settings.settings.map(([steps, strength]) => {
        // Python prints the strength 1 as 1.0.
        const printed = Number.isInteger(strength) ? strength.toFixed(1) : String(strength);
        return timestepsComparison(golden, {
          name: `output.timesteps.${steps}_${printed}`,
          actual: sampler.plan(steps, { strength }).rows.map((row) => row.evaluate!.timestep),
          ...(settings.class === ANCESTRAL_MIDPOINT && {
            slack: midpointSlack(sampler, sampler.sigmas(steps)!),
          }),
        });
      });
    }
    case "repaint_timesteps":
      return settings.settings.map(([steps, jumpLength, jumpNSample]) => ({
        name: `output.timesteps.${steps}_${jumpLength}_${jumpNSample}`,
        actual: scheduler("RePaintScheduler").timesteps(steps, { jumpLength, jumpNSample }),
        expected: data(golden, `output.timesteps.${steps}_${jumpLength}_${jumpNSample}`),
        bound: 0,
      }));
    case "repaint_trajectory":
      return await repaint(golden, { ...options, settings });
    default: {
      const never: never = settings;
      throw new Error(`Cannot run a case of kind ${(never as GoldenCase["settings"]).kind}`);
    }
  }
}

function schedulerOf(settings: { readonly class: string; readonly config: Config }): Scheduler {
  return scheduler({ ...settings.config, _class_name: settings.class });
}

async function trajectory(
  golden: GoldenCase,
  { settings, ...options }: SchedulerCaseOptions & { readonly settings: TrajectorySettings },
): Promise<Comparison[]> {
  const sampler = schedulerOf(settings);
  const { strength: scheduleStrength, ...setTimesteps } = settings.set_timesteps;
  const asked: PlanOptions = {
    ...camelCased({ ...setTimesteps, ...settings.step }),
    ...(scheduleStrength !== undefined && { scheduleStrength: scheduleStrength as number }),
    ...(settings.strength != null && { strength: settings.strength }),
  };
  const plan = sampler.plan(settings.steps, asked);
  const { shape } = tensor(golden, "input.sample");
  const given = data(golden, "input.sample");
  const image2image = settings.strength != null;
  const sample = image2image
    ? mixed(plan.start, { image: given, noise: data(golden, "input.start_noise") })
    : given.map((x) => x * plan.initialScale);
  const variance = settings.model_variance !== undefined;
  const draw = (k: number) => data(golden, `input.noise.${k}`);
  const simulated = simulate(plan, {
    shape,
    sample,
    model: (input, timestep) => network(input, { timestep, shape, variance }),
    draw,
  });
  const image = tensor(golden, "input.sample");
  const executed = await executePlan(plan, {
    ...options,
    shape,
    start: image2image ? { image, noise: tensor(golden, "input.start_noise") } : { noise: image },
    draw,
    variance,
  });

  const sigmas = sampler.sigmas(settings.steps, asked);
  const midpoints = settings.class === ANCESTRAL_MIDPOINT ? lostDigits(sigmas!) : [];
  const rescaled = isRescaled(golden);
  const least = 1 - (sampler.noiseSchedule?.alphasCumprod[0] ?? 0);
  /** The share of the samples after a row that the tables behind them do not settle. */
  const unsettled = plan.rows.map((_, i) =>
    Math.max(
      midpoints[Math.floor(i / 2)] ?? 0,
      ...(rescaled ? [plan.rows[i]!, plan.rows[i + 1]] : []).map((row) => {
        const variance = row === undefined ? least : varianceShare(row.level);
        return RESCALED.row + (variance === 0 ? 0 : RESCALED.noise / variance);
      }),
    )
  );
  const compared = (
    { first, rows }: { readonly first: Float32Array; readonly rows: readonly SimulatedRow[] },
    { on, bound }: { readonly on: string; readonly bound: RowBound },
  ): Comparison[] => {
    /** How far the samples after a row may be off, beyond the usual share of their own size. */
    const slackAfter = (row: number) =>
      bound.error * settings.difference_from_float64[row]! +
      Math.max(...unsettled.slice(0, row + 1)) * magnitude(simulated[row]!.sample);
    /** The network sees the sample before, and its output moves by less than that. */
    const slackBefore = (row: number) =>
      row === 0
        ? 0
        : (slackAfter(row - 1) + bound.magnitude * magnitude(simulated[row - 1]!.sample)) *
          plan.rows[row]!.evaluate!.inputScale;
    const comparison = (
      name: string,
      actual: readonly Float32Array[],
      slack?: (row: number) => number,
    ) => rowsComparison(golden, { name, actual, bound, on, ...(slack && { slack }) });
    return [
      ...(image2image ? [comparison("output.start", [first])] : []),
      comparison("output.scaled_inputs", rows.map((row) => row.input!), slackBefore),
      comparison("output.model_outputs", rows.map((row) => row.output!), slackBefore),
      comparison("output.samples", rows.map((row) => row.sample), slackAfter),
    ];
  };
  const draws = plan.rows.flatMap((row, i) => Array.from({ length: row.draws }, () => i));
  return [
    timestepsComparison(golden, {
      name: "output.timesteps",
      actual: simulated.map((row) => row.timestep!),
      ...(midpoints.length > 0 && { slack: midpointSlack(sampler, sigmas!) }),
    }),
    { name: "noise_steps", actual: draws, expected: settings.noise_steps, bound: 0 },
    scalarComparison("init_noise_sigma", {
      actual: plan.initialScale,
      expected: settings.init_noise_sigma,
    }),
    ...(golden.tensors.has("output.sigmas")
      ? [
        tableComparison(golden, {
          name: "output.sigmas",
          actual: sigmas ?? [],
        }),
      ]
      : []),
    ...compared({ first: sample, rows: simulated }, { on: "numbers", bound: EXACT }),
    ...compared(executed, onBackend(options)),
  ];
}

async function repaint(
  golden: GoldenCase,
  { settings, ...options }: SchedulerCaseOptions & { readonly settings: RePaintSettings },
): Promise<Comparison[]> {
  const sampler = scheduler({ ...settings.config, _class_name: "RePaintScheduler" });
  const jumps = { jumpLength: settings.jump_length, jumpNSample: settings.jump_n_sample };
  const plan = sampler.plan(settings.steps, jumps);
  const { shape } = tensor(golden, "input.sample");
  const [n, c] = [shape[0]!, shape[1]!];
  const mask = data(golden, "input.mask"); // [n, 1, h, w], broadcast over channels
  const area = mask.length / n;
  const noises = plan.rows.flatMap((row, i) => {
    const drawn = data(golden, `input.noise.${i}`); // [draws, n, c, h, w]
    const size = drawn.length / row.draws;
    return Array.from({ length: row.draws }, (_, k) => drawn.subarray(k * size, (k + 1) * size));
  });
  const simulated = simulate(plan, {
    shape,
    sample: data(golden, "input.sample"),
    model: (input, timestep) => network(input, { timestep, shape, variance: false }),
    draw: (k) => noises[k]!,
    known: {
      image: data(golden, "input.image"),
      mask: Float32Array.from(
        { length: n * c * area },
        (_, i) => mask[Math.floor(i / (c * area)) * area + i % area]!,
      ),
    },
  });
  const { rows: executed } = await executePlan(plan, {
    ...options,
    shape,
    start: { sample: tensor(golden, "input.sample") },
    draw: (k) => noises[k]!,
    variance: false,
    known: { image: tensor(golden, "input.image"), mask: tensor(golden, "input.mask") },
  });
  const compared = (
    rows: readonly SimulatedRow[],
    { on, bound }: { readonly on: string; readonly bound: RowBound },
  ): Comparison[] => {
    const steps = rows.filter((row) => row.output !== undefined);
    const inputs = simulated.filter((row) => row.output !== undefined).map((row) => row.input!);
    return [
      rowsComparison(golden, {
        name: "output.model_outputs",
        actual: steps.map((row) => row.output!),
        slack: (row) => bound.magnitude * magnitude(inputs[row]!),
        bound,
        on,
      }),
      rowsComparison(golden, {
        name: "output.samples",
        actual: rows.map((row) => row.sample),
        bound,
        on,
      }),
    ];
  };
  return [
    {
      name: "output.timesteps",
      actual: sampler.timesteps(settings.steps, jumps),
      expected: data(golden, "output.timesteps"),
      bound: 0,
    },
    {
      name: "output.is_step",
      actual: plan.rows.map((row) => row.evaluate === undefined ? 0 : 1),
      expected: data(golden, "output.is_step"),
      bound: 0,
    },
    ...compared(simulated, { on: "numbers", bound: EXACT }),
    ...compared(executed, onBackend(options)),
  ];
}

function onBackend({ backend, exact }: SchedulerCaseOptions) {
  return { on: backend.name, bound: exact ? EXACT : ROUNDED };
}

function addNoise(
  golden: GoldenCase,
  settings: Extract<Settings, { readonly kind: "scheduler_add_noise" }>,
): Comparison[] {
  const sampler = schedulerOf(settings);
  const chosen = [...data(golden, "input.timesteps")];
  const positions = settings.timesteps_are === "positions";
  const all = positions ? sampler.timesteps(settings.steps) : [];
  const timesteps = positions ? chosen.map((position) => all[position]!) : chosen;
  const levels = timesteps.map((t) => sampler.level(t, { steps: settings.steps }));
  const [sample, noise] = [data(golden, "input.sample"), data(golden, "input.noise")];
  const size = sample.length / chosen.length;
  const alphas = sampler.noiseSchedule?.alphasCumprod;
  const comparison = (name: string, at: (image: number, i: number) => number) =>
    rowsComparison(golden, {
      name,
      actual: [sample.map((_, i) => at(Math.floor(i / size), i))],
    });
  return [
    timestepsComparison(golden, { name: "output.timesteps", actual: timesteps }),
    comparison("output.noisy", (image, i) => {
      const level = levels[image]!;
      return level.signal * sample[i]! + level.noise * noise[i]!;
    }),
    ...(golden.tensors.has("output.velocity")
      ? [comparison("output.velocity", (image, i) => {
        // diffusers' Euler looks alphas up by position there, all others by timestep.
        const alpha = alphas![chosen[image]!]!;
        return Math.sqrt(alpha) * noise[i]! - Math.sqrt(1 - alpha) * sample[i]!;
      })]
      : []),
  ];
}

/** The network of all trajectories, `x (0.3 t / 1000) + 0.1 sin(3 x)`, whose factor is computed in double and rounded once. */
function network(
  input: Float32Array,
  { timestep, shape, variance }: {
    readonly timestep: number;
    readonly shape: readonly number[];
    readonly variance: boolean;
  },
): Float32Array {
  const { fround } = Math;
  const factor = fround(0.3 * timestep / 1000);
  const tenth = fround(0.1);
  const output = input.map((x) =>
    fround(x * factor) + fround(tenth * fround(Math.sin(fround(3 * x))))
  );
  if (!variance) return output;
  const size = input.length / shape[0]!;
  const second = input.map((x) => 0.5 + 0.4 * Math.cos(2 * x));
  return Float32Array.from(
    { length: 2 * input.length },
    (_, i) => {
      const [image, within] = [Math.floor(i / (2 * size)), i % (2 * size)];
      return within < size ? output[image * size + within]! : second[image * size + within - size]!;
    },
  );
}

function mixed(
  level: Level,
  { image, noise }: { readonly image: Float32Array; readonly noise: Float32Array },
): Float32Array {
  return image.map((x, i) => level.signal * x + level.noise * noise[i]!);
}

/** The noise's share of a sample's variance. */
function varianceShare({ signal, noise }: Level): number {
  return noise ** 2 / (signal ** 2 + noise ** 2);
}

function tensor(golden: GoldenCase, name: string): HostTensor {
  const found = golden.tensors.get(name);
  if (found === undefined) throw new Error(`Cannot read ${name}: the case has no such tensor`);
  return found;
}

function data(golden: GoldenCase, name: string): Float32Array {
  return Float32Array.from(tensor(golden, name).data);
}

function magnitude(values: Float32Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** Every row against its own magnitude, and what else it may be off by. */
function rowsComparison(
  golden: GoldenCase,
  { name, actual, slack = () => 0, bound = EXACT, on }: {
    readonly name: string;
    readonly actual: readonly Float32Array[];
    readonly slack?: (row: number) => number;
    readonly bound?: RowBound;
    readonly on?: string;
  },
): Comparison {
  const expected = data(golden, name);
  const size = expected.length / actual.length;
  const bounds = actual.flatMap((_, row) => {
    const most = magnitude(expected.subarray(row * size, (row + 1) * size));
    return new Array<number>(size).fill(slack(row) + bound.magnitude * most);
  });
  return {
    name: on === undefined ? name : `${name} on ${on}`,
    actual: actual.flatMap((row) => [...row]),
    expected,
    bound: bounds,
  };
}

/** Noise levels, element by element. */
function tableComparison(
  golden: GoldenCase,
  { name, actual }: { readonly name: string; readonly actual: ArrayLike<number> },
): Comparison {
  const expected = data(golden, name);
  const boundOf = (x: number) =>
    isRescaled(golden) && x > 0 ? RESCALED.table * x + RESCALED.noise / x : TABLE * x;
  return { name, actual, expected, bound: Array.from(expected, boundOf) };
}

/** Variances between 0 and 1; where they are rescaled, they are known only as closely as 1 is. */
function varianceComparison(
  golden: GoldenCase,
  { name, actual }: { readonly name: string; readonly actual: ArrayLike<number> },
): Comparison {
  const expected = data(golden, name);
  const bound = isRescaled(golden) ? RESCALED.table : Array.from(expected, (x) => TABLE * x);
  return { name, actual, expected, bound };
}

function isRescaled({ settings }: GoldenCase): boolean {
  return (settings["config"] as Config | undefined)?.["rescale_betas_zero_snr"] === true;
}

function scalarComparison(
  name: string,
  { actual, expected }: { readonly actual: number; readonly expected: number },
): Comparison {
  return { name, actual: [actual], expected: [expected], bound: TABLE * expected };
}

/**
 * The share of each step's middle that is lost to single precision in the ancestral midpoint method: of `to² - up² = to⁴/from²`,
 * the rounding of `to²`, and a quarter of that in the middle, which is its fourth root. torch's square root, off by one unit where
 * it likes, leaves nothing to compare beyond that.
 */
function lostDigits(sigmas: Float32Array): number[] {
  const whole = sigmas.filter((_, i) => i % 2 === 0); // [s0, s1, s1, s2, s2, ..., 0, 0, 0]
  return Array.from(
    whole.slice(0, -2),
    (from, k) => whole[k + 1] === 0 ? 0 : 2 ** -24 * (from / whole[k + 1]!) ** 2,
  );
}

/** What that does to the timesteps of the middles, each of which is near the next whole one. */
function midpointSlack(sampler: Scheduler, sigmas: Float32Array): (position: number) => number {
  const logSigmas = logarithms(sigmasOf(sampler.noiseSchedule!));
  const lost = lostDigits(sigmas);
  return (position) => {
    if (position % 2 === 0) return 0;
    const [share, middle] = [lost[(position - 1) / 2]!, sigmas[position]!];
    return sigmaToTimestep(middle * (1 + share), { logSigmas }) -
      sigmaToTimestep(middle / (1 + share), { logSigmas });
  };
}

function timestepsComparison(
  golden: GoldenCase,
  { name, actual, slack = () => 0 }: {
    readonly name: string;
    readonly actual: readonly number[];
    readonly slack?: (position: number) => number;
  },
): Comparison {
  const expected = data(golden, name);
  const { num_train_timesteps: trainSteps = 1000 } = golden.settings["config"] as Config & {
    readonly num_train_timesteps?: number;
  };
  const most = isLookedUp(golden) ? trainSteps : magnitude(expected);
  const exact = expected.every(Number.isInteger) && !isLookedUp(golden);
  const share = exact ? 0 : most * (isRescaled(golden) ? RESCALED.logarithm : LOGARITHM);
  return {
    name,
    actual: actual.map(Math.fround),
    expected,
    bound: Array.from(expected, (_, position) => share + slack(position)),
  };
}

/** Whether timesteps are looked up among logarithms and left as they are found. */
function isLookedUp({ settings }: GoldenCase): boolean {
  const name = String(settings["class"]);
  const config = settings["config"] as Config;
  return LOOKED_UP.has(name) ||
    (MAY_LOOK_UP.has(name) && SPREADS.some((key) => config[key] === true));
}

function camelCased(options: Config): PlanOptions {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
