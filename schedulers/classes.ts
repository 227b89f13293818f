/**
 * All scheduler classes.
 *
 * @module
 */
import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { dpmSolverSde } from "./dpm_solver_sde.ts";
import { eulerAncestralDiscrete } from "./euler_ancestral_discrete.ts";
import { eulerDiscrete } from "./euler_discrete.ts";
import { heunDiscrete } from "./heun_discrete.ts";
import { kdpm2AncestralDiscrete } from "./kdpm2_ancestral_discrete.ts";
import { kdpm2Discrete } from "./kdpm2_discrete.ts";
import { lmsDiscrete } from "./lms_discrete.ts";
import { pndm } from "./pndm.ts";
import type { SchedulerClass } from "./solver.ts";

/** Every class, by its name in diffusers. */
export const CLASSES: ReadonlyMap<string, SchedulerClass> = new Map(
  [
    ddim,
    ddpm,
    pndm,
    eulerDiscrete,
    eulerAncestralDiscrete,
    heunDiscrete,
    lmsDiscrete,
    kdpm2Discrete,
    kdpm2AncestralDiscrete,
    dpmSolverSde,
  ].map((one) => [one.name, one]),
);
