/**
 * All scheduler classes.
 *
 * @module
 */
import { ddim } from "./ddim.ts";
import { ddimInverse } from "./ddim_inverse.ts";
import { ddpm } from "./ddpm.ts";
import { deisMultistep } from "./deis_multistep.ts";
import { dpmSolverMultistep } from "./dpm_solver_multistep.ts";
import { dpmSolverSde } from "./dpm_solver_sde.ts";
import { dpmSolverSinglestep } from "./dpm_solver_singlestep.ts";
import { edmEuler } from "./edm_euler.ts";
import { eulerAncestralDiscrete } from "./euler_ancestral_discrete.ts";
import { eulerDiscrete } from "./euler_discrete.ts";
import { heunDiscrete } from "./heun_discrete.ts";
import { ipndm } from "./ipndm.ts";
import { kdpm2AncestralDiscrete } from "./kdpm2_ancestral_discrete.ts";
import { kdpm2Discrete } from "./kdpm2_discrete.ts";
import { lcm } from "./lcm.ts";
import { lmsDiscrete } from "./lms_discrete.ts";
import { pndm } from "./pndm.ts";
import { repaint } from "./repaint.ts";
import type { SchedulerClass } from "./solver.ts";
import { tcd } from "./tcd.ts";
import { uniPcMultistep } from "./uni_pc_multistep.ts";

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
    dpmSolverMultistep,
    dpmSolverSinglestep,
    deisMultistep,
    uniPcMultistep,
    edmEuler,
    lcm,
    tcd,
    ipndm,
    ddimInverse,
    repaint,
  ].map((one) => [one.name, one]),
);
