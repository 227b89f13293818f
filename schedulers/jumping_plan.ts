/**
 * RePaint around any sampler whose steps stand alone, as its authors' code does it around DDPM's (Lugmayr et al. 2022, algorithm
 * 1): their samplers may predict a variance or a velocity, which `RePaintScheduler` of diffusers cannot.
 *
 * @module
 */
import { jumpingSteps, type Jumps } from "./jumping_steps.ts";
import type { Level, Plan, Row } from "./plan.ts";
import { SchedulerError } from "./scheduler_error.ts";

/**
 * Lets a plan go back again and again.
 *
 * Before each evaluation but the first a kept region is brought to the level of the sample, with noise of its own. This is the
 * order of the authors' code: noise of the step, then noise of the kept region; and one draw for each step that is undone.
 *
 * @throws {SchedulerError} If a step needs what others left behind, or a jump is not possible.
 *
 * @example
 * ```ts
 * import { jumpingPlan } from "./jumping_plan.ts";
 * import { scheduler } from "./scheduler.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = scheduler("ddpm").plan(4);
 * const { rows } = jumpingPlan(plan, { jumpLength: 1, jumpNSample: 2 });
 * assertEquals(
 *   rows.map((row) => row.evaluate?.timestep),
 *   [750, undefined, 750, 500, undefined, 500, 250, undefined, 250, 0],
 * );
 * ```
 */
export function jumpingPlan(plan: Plan, jumps: Jumps): Plan {
  for (const [name, value] of Object.entries(jumps)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new SchedulerError(`Cannot jump: ${name} is ${value}, wanted a whole number from 1`);
  }
  const { rows } = plan;
  if (plan.kept > 0 || rows.some((row) => row.evaluate === undefined)) {
    throw new SchedulerError(
      "Cannot go back in this sampler: its steps do not stand alone; wanted one such as ddpm, ddim or euler",
    );
  }
  // The authors draw in every step, used or not.
  const draws = Math.max(...rows.map((row) => row.draws));
  const visited = [...jumpingSteps({ steps: rows.length, ...jumps }), -1];
  const at = (step: number): Row => rows[rows.length - 1 - step]!;
  return {
    ...plan,
    rows: visited.slice(0, -1).map((step, position): Row => {
      if (visited[position + 1]! > step) {
        return undo(at(step).level, at(visited[position + 1]!).level);
      }
      const { known: _after, ...row } = at(step);
      return {
        ...row,
        draws,
        ...(position === 0 ? {} : { known: { ...row.level, draw: "own", when: "before" } }),
      };
    }),
  };
}

/** Noise from one level to a noisier one: x = signal x0 + noise n keeps its form. */
function undo(from: Level, to: Level): Row {
  const weight = to.signal / from.signal;
  const variance = to.noise ** 2 - (weight * from.noise) ** 2;
  if (!(variance >= -1e-9 && weight < Infinity)) {
    throw new SchedulerError(
      "Cannot jump back with this sampler: its steps do not go from noise to picture",
    );
  }
  return {
    level: from,
    draws: 1,
    writes: [{
      to: "sample",
      terms: {
        sample: weight,
        noise: [Math.sqrt(Math.max(0, variance))],
      },
    }],
  };
}
