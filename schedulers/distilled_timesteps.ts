/**
 * Timesteps of distilled networks, which know only some of the diffusion's.
 *
 * @module
 */
import { SchedulerError } from "./scheduler_error.ts";

/**
 * Chooses `steps` of a distillation's timesteps, from the noisiest, evenly.
 *
 * @throws {SchedulerError} There are not as many.
 */
export function distilledTimesteps(
  known: readonly number[],
  { steps, most, name }: {
    /** How many to choose. */
    readonly steps: number;
    /** How many the whole distillation has. */
    readonly most: number;
    /** The class, for messages. */
    readonly name: string;
  },
): number[] {
  const available = Math.min(known.length, most);
  if (steps > available) {
    throw new SchedulerError(
      `Cannot plan ${name} in ${steps} steps: the network was distilled for ${most}, of which ${known.length} are to be used; wanted ${available} or fewer`,
    );
  }
  const stride = known.length / steps;
  return Array.from(
    { length: steps },
    (_, i) => known[known.length - 1 - Math.floor(i * stride)]!,
  );
}

/** Every k-th timestep of the diffusion, from the least noisy, as far as a share of them. */
export function everyTimestep(
  { trainSteps, originalSteps, share, name }: {
    readonly trainSteps: number;
    readonly originalSteps: number;
    readonly share: number;
    readonly name: string;
  },
): number[] {
  if (originalSteps > trainSteps) {
    throw new SchedulerError(
      `Cannot plan ${name} with ${originalSteps} original steps: wanted ${trainSteps}, the steps of the diffusion, or fewer`,
    );
  }
  const stride = Math.floor(trainSteps / originalSteps);
  return Array.from({ length: Math.floor(originalSteps * share) }, (_, i) => (i + 1) * stride - 1);
}

/** The last share of given timesteps. */
export function lastShare(given: readonly number[], share: number): readonly number[] {
  return given.slice(given.length - Math.min(Math.floor(given.length * share), given.length));
}
