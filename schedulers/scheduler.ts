/**
 * Samplers by configuration or by name.
 *
 * @module
 */
import { beginOf, checkOptions, checkSteps } from "./check_request.ts";
import { CLASSES } from "./classes.ts";
import { namedSampler, SAMPLER_NAMES } from "./names.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import type { Level, Plan, Row } from "./plan.ts";
import { SchedulerError } from "./scheduler_error.ts";
import type { Move, PlanOptions, SchedulerClass, Track } from "./solver.ts";
import { weightsOf } from "./terms.ts";

export { SchedulerError } from "./scheduler_error.ts";
export type { NoiseSchedule } from "./noise_schedule.ts";
export type { PlanOptions } from "./solver.ts";

/** The contents of a `scheduler_config.json`: `_class_name` and the class's keys. Unknown keys are ignored. */
export type SchedulerConfig = Readonly<Record<string, unknown>>;

/** A sampler: a class of diffusers with its configuration. */
export interface Scheduler {
  /** The class's name in diffusers, such as `DDIMScheduler`. */
  readonly name: string;
  /**
   * The class's keys with every default filled in, `_class_name`, and in `_use_default_values` the names of the keys that were
   * not given, as diffusers has them: these do not carry over to another class.
   */
  readonly config: SchedulerConfig;
  /** The plan options that the class takes. */
  readonly accepts: ReadonlySet<keyof PlanOptions>;
  /** The noise schedule; absent where the class has none (EDM, IPNDM). */
  readonly noiseSchedule?: NoiseSchedule;
  /**
   * The rows of a trajectory of `steps` steps; null if the options give timesteps or sigmas.
   *
   * @throws {SchedulerError} The steps or an option are not possible.
   */
  plan(steps: number | null, options?: PlanOptions): Plan;
  /**
   * The timesteps of all evaluations, before `strength` leaves any out.
   *
   * @throws {SchedulerError} The steps or an option are not possible.
   */
  timesteps(steps: number | null, options?: PlanOptions): readonly number[];
  /**
   * Noise over signal before each evaluation and after the last one; undefined if the class has no such table.
   *
   * @throws {SchedulerError} The steps or an option are not possible.
   */
  sigmas(steps: number | null, options?: PlanOptions): Float32Array | undefined;
  /**
   * The level to which noise is added for a timestep: diffusers' `add_noise`. Classes that go by sigmas know levels only at
   * the timesteps of a plan, and need its number of steps.
   *
   * @throws {SchedulerError} The timestep has no level.
   */
  level(timestep: number, options?: PlanOptions & { readonly steps?: number | null }): Level;
}

/**
 * Makes a sampler of a configuration, or by a class's or a sampler's name: `ddim`, `plms`, `euler-a`, `dpmpp-2m-karras`, in any
 * usual spelling. `base` is the model's own configuration, of whatever class: its noise schedule, its prediction type and every
 * other key that the named class knows are kept, as diffusers' `from_config` keeps them.
 *
 * @example
 * ```ts
 * import { scheduler } from "@denoise/denoise";
 * import { assertEquals } from "@std/assert";
 *
 * const model = { _class_name: "PNDMScheduler", beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012 };
 * const plan = scheduler("DPM++ 2M Karras", { base: model }).plan(20);
 * assertEquals(plan.rows.length, 20);
 * assertEquals(scheduler({ _class_name: "DDIMScheduler" }).timesteps(4), [750, 500, 250, 0]);
 * ```
 *
 * @throws {SchedulerError} The class or name does not exist, or a key has a wrong value.
 */
export function scheduler(
  config: SchedulerConfig | string,
  { base = {} }: { readonly base?: SchedulerConfig } = {},
): Scheduler {
  const { one, given } = typeof config === "string"
    ? named(config, base)
    : configured(config, base);
  const { config: filled, solver } = one.open(given);
  const defaults = Object.keys(one.keys).filter((key) => given[key] === undefined);
  const accepts = new Set(one.accepts);

  const track = (steps: number | null, options: PlanOptions): Track => {
    checkOptions(options, { name: one.name, accepts });
    checkSteps(steps, { name: one.name, most: filled["num_train_timesteps"] as number, options });
    return solver.track(steps, options);
  };
  const noiseSchedule = solver.noiseSchedule;
  return {
    name: one.name,
    config: { _class_name: one.name, ...filled, _use_default_values: defaults },
    accepts,
    ...(noiseSchedule && { noiseSchedule }),
    timesteps: (steps, options = {}) => track(steps, options).timesteps,
    sigmas: (steps, options = {}) => track(steps, options).sigmas,
    level: (timestep, { steps, ...options } = {}) => {
      if (solver.level !== undefined) return solver.level(timestep);
      if (steps === undefined) {
        throw new SchedulerError(
          `Cannot tell the level of timestep ${timestep} of ${one.name}: wanted the number of steps of the plan`,
        );
      }
      const { timesteps, level } = track(steps, options);
      const [first = -1, second = first] = timesteps.flatMap((t, i) => t === timestep ? [i] : []);
      if (first < 0) {
        throw new SchedulerError(
          `Cannot tell the level of timestep ${timestep} of ${one.name}: wanted one of ${
            timesteps.join(", ")
          }`,
        );
      }
      return plain(level(second)); // where a timestep is evaluated twice, diffusers takes the second
    },
    plan: (steps, options = {}) => {
      const tracked = track(steps, options);
      const count = steps ?? options.timesteps?.length ?? options.sigmas!.length - 1;
      const begin = beginOf(tracked, { count, options, name: one.name });
      return finished(tracked, { begin, name: one.name });
    },
  };
}

/** A configuration that says its class itself, or over a base. */
function configured(
  config: SchedulerConfig,
  base: SchedulerConfig,
): { one: SchedulerClass; given: SchedulerConfig } {
  const given = { ...withoutDefaults(base), ...withoutDefaults(config) };
  const name = given["_class_name"];
  if (typeof name !== "string") {
    throw new SchedulerError(
      `Cannot make a scheduler: _class_name is ${
        JSON.stringify(name) ?? "absent"
      }, wanted one of ${known()}`,
    );
  }
  const one = CLASSES.get(name);
  if (one === undefined) {
    throw new SchedulerError(`Cannot make a scheduler of class ${name}: wanted one of ${known()}`);
  }
  return { one, given };
}

function named(
  name: string,
  base: SchedulerConfig,
): { one: SchedulerClass; given: SchedulerConfig } {
  const sampler = CLASSES.has(name) ? { className: name, overrides: {} } : namedSampler(
    name,
    (className, key) => Object.hasOwn(CLASSES.get(className)?.keys ?? {}, key),
  );
  const one = sampler && CLASSES.get(sampler.className);
  if (one === undefined) {
    throw new SchedulerError(
      `Cannot make a scheduler named ${name}: wanted one of ${
        SAMPLER_NAMES.join(", ")
      } (many also with -karras, -exponential or -beta), or a class: ${known()}`,
    );
  }
  return { one, given: { ...withoutDefaults(base), ...sampler!.overrides } };
}

function known(): string {
  return [...CLASSES.keys()].join(", ");
}

/** Keys that stand at another class's default say nothing of this one. */
function withoutDefaults(config: SchedulerConfig): SchedulerConfig {
  const defaults = config["_use_default_values"];
  if (!Array.isArray(defaults)) return config;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !defaults.includes(key)));
}

/** Fills in levels and checks the numbers. */
function finished(
  track: Track,
  { begin, name }: { readonly begin: number; readonly name: string },
): Plan {
  const moves = track.moves(begin);
  const levels = moves.map((move, i) => plain(move.level ?? track.level(begin + i)));
  const rows = moves.map((move, i): Row => {
    checkFinite(move, { name, row: i });
    // A kept region is brought to the level of the sample that comes next; after the last row it is the picture itself.
    const next = levels[i + 1] ?? { signal: 1, noise: 0 };
    const known: Row["known"] = { ...next, draw: "start", when: "after" };
    return { ...(move.evaluate && { known }), ...move, level: levels[i]! };
  });
  const { initialScale, kept } = track;
  return { initialScale, start: plain(track.level(begin)), kept, rows };
}

/** A level without what a class keeps beside it. */
function plain({ signal, noise }: Level): Level {
  return { signal, noise };
}

/** Some combinations of keys divide by a noise level of 0, or by the distance of two that are equal. */
function checkFinite(
  move: Move,
  { name, row }: { readonly name: string; readonly row: number },
): void {
  const terms = move.writes.map((write) => write.terms);
  if (move.clean !== undefined) terms.push(move.clean.terms);
  // Unlimited, such a picture is not one: see predictedClean.
  const most = move.clean?.limit === undefined ? 1e20 : Infinity;
  const numbers = [...terms.flatMap(weightsOf), move.evaluate?.timestep ?? 0];
  if (numbers.every((number) => Math.abs(number) < most)) return;
  throw new SchedulerError(
    `Cannot plan ${name} with this configuration: the weights of row ${row} are not finite, wanted noise levels above 0 that differ`,
  );
}
