/**
 * Which timesteps and which prompts are evaluated when: the adaptive evaluation of Diffusion Classifier (Li et al. 2023,
 * section 4.3 and eval_prob_adaptive.py).
 *
 * @module
 */
import { SettingsError } from "../settings.ts";

/** How many prompts are looked at how closely. */
export interface Elimination {
  /** Timesteps that a prompt is compared on at the end of each stage; those of earlier stages are not repeated. */
  readonly nSamples: readonly number[];
  /** Prompts that each stage leaves, at most; the last leaves one. */
  readonly toKeep: readonly number[];
  /** Evaluations of a prompt at each timestep, each with noise of its own. */
  readonly trials: number;
}

/** What one stage evaluates. */
export interface Stage {
  /** The timesteps that are new, rising. */
  readonly timesteps: readonly number[];
  /** The noise of each timestep's first trial; the others follow. */
  readonly firstNoise: readonly number[];
  /** Prompts that remain after it, at most. */
  readonly keep: number;
}

/**
 * Checks stages.
 *
 * @throws {SettingsError} If the lists do not belong together or leave more than one prompt.
 */
export function checkElimination(
  { nSamples, toKeep, trials }: Elimination,
  { trainTimesteps }: { readonly trainTimesteps: number },
): void {
  const listed = `nSamples ${nSamples.join(" ")} and toKeep ${toKeep.join(" ")}`;
  if (nSamples.length === 0 || nSamples.length !== toKeep.length) {
    throw new SettingsError(`Cannot use ${listed}: both must be lists of one number a stage`);
  }
  for (const n of nSamples) {
    if (!Number.isInteger(n) || n < 1 || n > trainTimesteps) {
      throw new SettingsError(
        `Cannot use nSamples ${n}: it must be a whole number from 1 to the ${trainTimesteps} training timesteps`,
      );
    }
  }
  for (const keep of toKeep) {
    if (!Number.isSafeInteger(keep) || keep < 1) {
      throw new SettingsError(`Cannot use toKeep ${keep}: it must be a whole number from 1`);
    }
  }
  if (toKeep.at(-1) !== 1 || toKeep.some((keep, at) => at > 0 && keep > toKeep[at - 1]!)) {
    throw new SettingsError(`Cannot use ${listed}: toKeep must fall to 1`);
  }
  if (!Number.isSafeInteger(trials) || trials < 1 || trials > 1000) {
    throw new SettingsError(
      `Cannot use trials ${trials}: it must be a whole number from 1 to 1000`,
    );
  }
}

/**
 * The stages of an evaluation. Timesteps are spaced evenly, from the middle of the first interval; a stage with fewer takes
 * every so-manieth of them, so that stages need not nest. Noise is numbered in the order of evaluation.
 *
 * @example
 * ```ts
 * import { eliminationStages } from "./stages.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const stages = eliminationStages({ nSamples: [2, 4], toKeep: [5, 1], trials: 1 }, { trainTimesteps: 1000 });
 * assertEquals(stages.map(({ timesteps }) => timesteps), [[375, 875], [125, 625]]);
 * ```
 *
 * @throws {SettingsError} As {@linkcode checkElimination}.
 */
export function eliminationStages(
  elimination: Elimination,
  { trainTimesteps }: { readonly trainTimesteps: number },
): readonly Stage[] {
  checkElimination(elimination, { trainTimesteps });
  const { nSamples, toKeep, trials } = elimination;
  const most = Math.max(...nSamples);
  const interval = Math.floor(trainTimesteps / most);
  const candidates = Array.from(
    { length: most },
    (_, at) => Math.floor(interval / 2) + at * interval,
  );
  const seen = new Set<number>();
  return nSamples.map((n, stage) => {
    const stride = Math.floor(candidates.length / n);
    const timesteps = Array.from(
      { length: n },
      (_, at) => candidates[Math.floor(stride / 2) + at * stride]!,
    ).filter((t) => !seen.has(t));
    const firstNoise = timesteps.map((_, at) => trials * (seen.size + at));
    for (const t of timesteps) seen.add(t);
    return { timesteps, firstNoise, keep: toKeep[stage]! };
  });
}

/** How often the network is evaluated for one picture. */
export function countEvaluations(
  stages: readonly Stage[],
  { prompts, trials }: { readonly prompts: number; readonly trials: number },
): number {
  let remaining = prompts;
  let count = 0;
  for (const { timesteps, keep } of stages) {
    count += remaining * timesteps.length * trials;
    remaining = Math.min(remaining, keep);
  }
  return count;
}

/** The prompts with the lowest errors, best first; of equal ones the earlier. */
export function survivors(
  prompts: readonly number[],
  { errors, keep }: {
    /** The mean error of each prompt in the list, over all that was evaluated so far. */
    readonly errors: readonly number[];
    readonly keep: number;
  },
): readonly number[] {
  return prompts.map((prompt, at) => ({ prompt, error: errors[at]! }))
    .sort((a, b) => a.error - b.error)
    .slice(0, keep)
    .map(({ prompt }) => prompt);
}
