/**
 * The denoiser of a model that draws from noise, with its classes.
 *
 * @module
 */
import type { Plan } from "../schedulers/plan.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { classConditions, type ClassSettings } from "./class_conditioning.ts";
import { conditionedDenoiser } from "./conditioned_denoiser.ts";
import type { Denoiser } from "./guided_denoiser.ts";
import type { Model } from "./model.ts";
import type { UnconditionalFamily } from "./unconditional_family.ts";

/** A model that is open, and what its pipeline knows of it. */
export interface FamilyParts {
  readonly model: Model;
  readonly family: UnconditionalFamily;
  readonly arithmetic: Arithmetic;
}

/** Prepares evaluations of samples of a shape; disposing it frees the classes. */
export async function familyDenoiser(
  { model, family, arithmetic }: FamilyParts,
  { shape, classes, plan }: {
    readonly shape: readonly number[];
    readonly classes: ClassSettings | null;
    readonly plan: Plan;
  },
): Promise<Denoiser> {
  using stack = new DisposableStack();
  const conditions = classes === null ? {} : await classConditions(classes, model);
  for (const value of Object.values(conditions)) stack.use(value);
  const denoiser = stack.use(
    await conditionedDenoiser(await model.component("unet"), {
      arithmetic,
      shape,
      conditions,
      guidance: classes?.guidance?.scale ?? null,
      outChannels: family.outChannels,
      // Most samplers take no variance from the network.
      meanOnly: plan.rows.every((row) => row.variance === undefined),
    }),
  );
  const owned = stack.move();
  return { evaluate: denoiser.evaluate, [Symbol.dispose]: () => owned.dispose() };
}
