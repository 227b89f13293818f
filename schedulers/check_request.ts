/**
 * What may be asked of a plan.
 *
 * @module
 */
import { SchedulerError } from "./scheduler_error.ts";
import type { PlanOptions, Track } from "./solver.ts";

/**
 * Refuses options that a class does not take, and values that no class does. Options that are undefined count as not given.
 *
 * @throws {SchedulerError} One is wrong.
 */
export function checkOptions(
  options: PlanOptions,
  { name, accepts }: { readonly name: string; readonly accepts: ReadonlySet<keyof PlanOptions> },
): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.map(([key]) => key).filter((key) => !accepts.has(key as keyof PlanOptions));
  if (unknown.length > 0) {
    throw new SchedulerError(
      `Cannot plan ${name} with ${unknown.join(", ")}: it takes ${
        [...accepts].join(", ") || "no options"
      }`,
    );
  }
  const within = (key: keyof PlanOptions, least: number, most: number, wanted: string) => {
    const value = options[key];
    if (value === undefined || (typeof value === "number" && value >= least && value <= most)) {
      return;
    }
    throw new SchedulerError(`Cannot plan ${name}: ${key} is ${value}, wanted ${wanted}`);
  };
  within("strength", 0, 1, "a number from 0 to 1");
  within("scheduleStrength", 0, 1, "a number from 0 to 1");
  within("eta", 0, 1, "a number from 0 to 1");
  within("sChurn", 0, Number.MAX_VALUE, "a number from 0");
  within("sNoise", 0, Number.MAX_VALUE, "a number from 0");
  within("sTmin", 0, Infinity, "a number from 0");
  within("sTmax", 0, Infinity, "a number from 0");
  for (const key of ["order", "originalInferenceSteps", "jumpLength", "jumpNSample"] as const) {
    within(key, 1, Number.MAX_SAFE_INTEGER, "a whole number from 1");
    if (!Number.isInteger(options[key] ?? 1)) {
      throw new SchedulerError(
        `Cannot plan ${name}: ${key} is ${options[key]}, wanted a whole number`,
      );
    }
  }
  if (options.strength !== undefined && options.begin !== undefined) {
    throw new SchedulerError(
      `Cannot plan ${name} with both strength and begin: wanted one of them`,
    );
  }
}

/**
 * Refuses numbers of steps, timesteps and sigmas that are not possible. `most` is the number of steps of the diffusion.
 *
 * @throws {SchedulerError} They are not.
 */
export function checkSteps(
  steps: number | null,
  { name, most, options }: {
    readonly name: string;
    readonly most: number;
    readonly options: PlanOptions;
  },
): void {
  const { timesteps, sigmas } = options;
  const given = [steps ?? undefined, timesteps, sigmas].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new SchedulerError(
      `Cannot plan ${name} with ${given.length} of steps, timesteps and sigmas: wanted exactly one`,
    );
  }
  if (steps !== null && !(Number.isInteger(steps) && steps >= 1 && steps <= most)) {
    throw new SchedulerError(
      `Cannot plan ${name} in ${steps} steps: wanted a whole number from 1 to ${most}, the steps of the diffusion`,
    );
  }
  timesteps?.forEach((t, i) => {
    if (!(t >= 0 && t < most && (i === 0 || t < timesteps[i - 1]!))) {
      throw new SchedulerError(
        `Cannot plan ${name} at timesteps ${
          timesteps.join(", ")
        }: wanted a descending list within 0 to ${most - 1}`,
      );
    }
  });
  if (timesteps?.length === 0) {
    throw new SchedulerError(`Cannot plan ${name} at no timesteps: wanted at least one`);
  }
  if (sigmas === undefined) return;
  const descends = sigmas.every((sigma, i) =>
    sigma >= 0 && sigma < Infinity && (i === 0 || sigma < sigmas[i - 1]!)
  );
  if (sigmas.length < 2 || !descends) {
    throw new SchedulerError(
      `Cannot plan ${name} at sigmas ${
        sigmas.join(", ")
      }: wanted a descending list of two or more, the last of which may be 0`,
    );
  }
}

/**
 * The position where a plan starts: diffusers' `get_timesteps` of image to image.
 *
 * @throws {SchedulerError} There is no such position.
 */
export function beginOf(
  { timesteps, order = 1 }: Track,
  { count, options: { begin, strength }, name }: {
    readonly count: number;
    readonly options: PlanOptions;
    readonly name: string;
  },
): number {
  const left = strength === undefined ? count : Math.min(Math.floor(count * strength), count);
  const start = begin ?? (count - left) * order;
  // PLMS has an evaluation more than steps: diffusers would make it at a strength of 0.
  if (strength === 0 || !(Number.isInteger(start) && start >= 0 && start < timesteps.length)) {
    throw new SchedulerError(
      strength === undefined
        ? `Cannot begin ${name} at ${start}: wanted a whole number from 0 to ${
          timesteps.length - 1
        }`
        : `Cannot plan ${name} with a strength of ${strength}: no step of ${count} is left, wanted ${
          Math.ceil(1e4 / count) / 1e4
        } or more`,
    );
  }
  if (start % order !== 0) {
    throw new SchedulerError(
      `Cannot begin ${name} at ${start}: each step has ${order} evaluations, wanted a multiple of ${order}`,
    );
  }
  return start;
}
