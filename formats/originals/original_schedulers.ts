/**
 * Schedulers that sample as the originals' scripts do.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import type { OriginalSchedule, OriginalSettings } from "./original_settings.ts";
import type { OriginalKind } from "./recognise.ts";

/** What decides a scheduler. */
export interface OriginalSchedulerOptions {
  /** The model. */
  readonly kind: OriginalKind;
  /** Its noise schedule. */
  readonly schedule: OriginalSchedule;
  /** What its network predicts. */
  readonly prediction: NonNullable<OriginalSettings["prediction"]>;
  /** The network predicts the noise's variance too. */
  readonly learnedVariance: boolean;
}

function shared({ kind, start, end, steps, betas }: OriginalSchedule): JsonObject {
  return {
    num_train_timesteps: steps,
    beta_start: start,
    beta_end: end,
    beta_schedule: kind,
    ...(betas === undefined ? {} : { trained_betas: betas }),
  };
}

/** The configuration of a model's scheduler. */
export function originalScheduler(options: OriginalSchedulerOptions): JsonObject {
  const { kind, schedule, prediction, learnedVariance } = options;
  switch (kind) {
    case "adm":
      return {
        _class_name: "DDPMScheduler",
        ...shared(schedule),
        prediction_type: prediction,
        variance_type: learnedVariance ? "learned_range" : "fixed_large",
        clip_sample: true,
        // Fewer steps are spread from the first to the last (`space_timesteps`).
        timestep_spacing: "linspace",
      };
    case "sr3":
    case "palette":
      return {
        _class_name: "DDPMScheduler",
        ...shared(schedule),
        prediction_type: prediction,
        variance_type: "fixed_small_log",
        clip_sample: true,
      };
    default:
      // CompVis' DDIMSampler counts timesteps from 1 and ends at the first alpha, not at 1.
      return {
        _class_name: "DDIMScheduler",
        ...shared(schedule),
        prediction_type: prediction,
        clip_sample: false,
        set_alpha_to_one: false,
        steps_offset: 1,
        timestep_spacing: "leading",
      };
  }
}

/** The configuration that noises the low-resolution picture of an upscaler. */
export function lowResolutionScheduler(schedule: OriginalSchedule): JsonObject {
  return { _class_name: "DDPMScheduler", ...shared(schedule) };
}
