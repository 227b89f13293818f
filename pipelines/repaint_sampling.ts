/**
 * The sampler of RePaint: its own, or another that is made to jump.
 *
 * @module
 */
import type { JsonObject } from "../formats/json.ts";
import { jumpingPlan } from "../schedulers/jumping_plan.ts";
import type { Jumps } from "../schedulers/jumping_steps.ts";
import { type Scheduler, scheduler as makeScheduler } from "../schedulers/scheduler.ts";
import { predictionOf } from "./prediction.ts";
import type { RepaintOptions } from "./repaint_options.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";

/** The class that makes RePaint's jumps itself. */
const OWN = "RePaintScheduler";

/** As in diffusers. */
const STEPS = 250;

/** How a call is sampled. */
export interface RepaintSampling extends SamplingSettings, Jumps {
  /** The last sample is the given picture where that is kept. */
  readonly exact: boolean;
}

/**
 * Checks how a call is sampled.
 *
 * @throws {SettingsError} If a seed or eta cannot be used.
 * @throws {SchedulerError} If the scheduler, its steps or the jumps cannot be used.
 */
export function readRepaintSampling(
  options: Pick<
    RepaintOptions,
    "steps" | "seed" | "scheduler" | "eta" | "jumpLength" | "jumpNSample"
  >,
  model: {
    readonly batch: number;
    readonly scheduler: JsonObject;
    /** Samples are latents, which nothing limits to -1..1. */
    readonly latent: boolean;
    /** The network says something of the variance too. */
    readonly learnedVariance: boolean;
  },
): RepaintSampling {
  const { jumpLength = 10, jumpNSample = 10 } = options;
  const base = model.scheduler;
  const chosen = options.scheduler === undefined
    ? usualSampler(model)
    : makeScheduler(options.scheduler, { base });
  const trained = chosen.config.num_train_timesteps;
  const steps = typeof trained === "number" ? Math.min(STEPS, trained) : STEPS;
  const { scheduler: _, ...asked } = options;
  const sampling = readSamplingSettings({ ...asked, scheduler: chosen.config }, {
    ...model,
    defaults: { steps },
  });
  const { scheduler, eta } = sampling;
  const jumps = { jumpLength, jumpNSample };
  const exact = scheduler.name === OWN;
  const plan = exact
    ? scheduler.plan(sampling.steps, { eta, ...jumps })
    : jumpingPlan(sampling.plan, jumps);
  return { ...sampling, ...jumps, plan, exact };
}

/** RePaint's own where it can be used: it takes noise without a variance, and goes by betas. */
function usualSampler(
  { scheduler: base, latent, learnedVariance }: Parameters<typeof readRepaintSampling>[1],
): Scheduler {
  const own = makeScheduler(base);
  const limit = latent ? { clip_sample: false } : {};
  const betas = own.noiseSchedule !== undefined && own.config.rescale_betas_zero_snr !== true;
  return predictionOf(own) === "epsilon" && !learnedVariance && betas
    ? makeScheduler({ _class_name: OWN, ...limit }, { base })
    : makeScheduler({ _class_name: "DDPMScheduler", ...limit }, { base });
}
