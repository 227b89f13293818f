/**
 * Steps, scheduler and seeds of a call, checked.
 *
 * @module
 */
import type { JsonObject } from "../formats/json.ts";
import type { Plan } from "../schedulers/plan.ts";
import { type Scheduler, scheduler as makeScheduler } from "../schedulers/scheduler.ts";
import { checkNumber, chooseSeed, SettingsError } from "./settings.ts";
import type { TextToImageOptions } from "./text_to_image_options.ts";

/** What decides how a call is sampled. */
export type SamplingOptions = Pick<
  TextToImageOptions,
  "steps" | "seed" | "stepSeed" | "scheduler" | "timesteps" | "sigmas" | "eta"
>;

/** The same with every default filled in. */
export interface SamplingSettings {
  readonly steps: number;
  /** The seed, given or drawn; the first of a list. */
  readonly seed: number;
  /** One for all pictures, or one each. */
  readonly seeds: number | readonly number[];
  /** Of the noise of the steps; undefined if the generators of the first noise go on. */
  readonly stepSeed: number | undefined;
  readonly scheduler: Scheduler;
  /** What the scheduler was called, or its class. */
  readonly sampler: string;
  readonly plan: Plan;
  /** The steps, where they were listed. */
  readonly listed: Pick<SamplingOptions, "timesteps" | "sigmas">;
  readonly eta: number;
  /** The share of the steps that are run, where a task has one. */
  readonly strength: number | undefined;
}

/**
 * Checks how a call is sampled.
 *
 * @param options What was asked for, with the strength of a task that starts from a picture.
 * @param model The pictures of the call, and the model's own scheduler and number of steps.
 * @throws {SettingsError} If a seed, eta or the strength cannot be used.
 * @throws {SchedulerError} If the scheduler or its steps cannot be used.
 */
export function readSamplingSettings(
  options: SamplingOptions & { readonly strength?: number | undefined },
  model: {
    readonly batch: number;
    readonly scheduler: JsonObject;
    readonly defaults: { readonly steps: number };
  },
): SamplingSettings {
  const { timesteps, sigmas, strength, stepSeed } = options;
  const seeds = readSeeds(options.seed, model.batch);
  const eta = checkNumber("eta", options.eta ?? 0);
  if (eta < 0 || eta > 1) throw new SettingsError(`Cannot use eta ${eta}: it must be from 0 to 1`);
  if (strength !== undefined && !(strength >= 0 && strength <= 1)) {
    throw new SettingsError(`Cannot use strength ${strength}: it must be from 0 to 1`);
  }
  const scheduler = options.scheduler === undefined
    ? makeScheduler(model.scheduler)
    : makeScheduler(options.scheduler, { base: model.scheduler });
  const list = timesteps ?? sigmas;
  if (list !== undefined && options.steps !== undefined) {
    throw new SettingsError(
      "Cannot use steps together with timesteps or sigmas: these say how many there are",
    );
  }
  // Sigmas hold the level after the last step, too.
  const steps = timesteps?.length ?? (sigmas && sigmas.length - 1) ?? options.steps ??
    model.defaults.steps;
  // A strength of 1 leaves out nothing, which every scheduler can do.
  const partly = strength !== undefined && (strength < 1 || scheduler.accepts.has("strength"));
  // As in diffusers, eta is for the schedulers that take it.
  const listed = {
    ...(timesteps === undefined ? {} : { timesteps }),
    ...(sigmas === undefined ? {} : { sigmas }),
  };
  const plan = scheduler.plan(list === undefined ? steps : null, {
    ...(scheduler.accepts.has("eta") ? { eta } : {}),
    ...listed,
    ...(partly ? { strength } : {}),
  });
  return {
    steps,
    seed: typeof seeds === "number" ? seeds : seeds[0]!,
    seeds,
    stepSeed: stepSeed === undefined ? undefined : chooseSeed(stepSeed, "stepSeed"),
    scheduler,
    sampler: typeof options.scheduler === "string" ? options.scheduler : scheduler.name,
    plan,
    listed,
    eta,
    strength,
  };
}

/** Draws seeds that were not given. */
function readSeeds(seed: SamplingOptions["seed"], batch: number): number | readonly number[] {
  if (typeof seed !== "object") return chooseSeed(seed);
  const seeds = seed.map((each) => chooseSeed(each));
  if (seeds.length === batch) return seeds;
  throw new SettingsError(
    `Cannot use ${seeds.length} seeds for ${batch} pictures: give one, or one each`,
  );
}
