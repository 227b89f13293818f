/**
 * Configurations of networks that work on pixels: guided-diffusion, SR3, Palette.
 *
 * @module
 */
import type { ConfigReader } from "../config_reader.ts";
import type { OriginalSchedule, OriginalSettings } from "./original_settings.ts";
import { NO_SETTINGS } from "./original_settings.ts";
import { readHeads } from "./ldm_settings.ts";

/**
 * Reads arguments of guided-diffusion's `create_model_and_diffusion`, as RePaint keeps them. Sampling settings are passed
 * over: they are a pipeline's.
 *
 * @throws {ModelError} Naming a key that is wrong or not supported.
 */
export function readGuidedDiffusionSettings(c: ConfigReader): OriginalSettings {
  c.expect({ num_heads_upsample: -1 });
  c.only("rescale_timesteps", [false]);
  const steps = c.integer("diffusion_steps", 1000);
  const kind = c.choice("noise_schedule", ["linear", "cosine"], "linear");
  // Betas were chosen for 1000 steps and are scaled to the number of steps (Dhariwal & Nichol 2021, code).
  const scale = 1000 / steps;
  const schedule: OriginalSchedule = {
    kind: kind === "linear" ? "linear" : "squaredcos_cap_v2",
    start: scale * 1e-4,
    end: scale * 2e-2,
    steps,
  };
  return {
    ...NO_SETTINGS,
    path: c.path,
    heads: readHeads(c, 4),
    order: c.flag("use_new_attention_order", false) ? "new" : "legacy",
    prediction: c.flag("predict_xstart", false) ? "sample" : "epsilon",
    schedule,
    sampleSize: c.integer("image_size", 64),
    visible: {
      modelChannels: c.integer("num_channels"),
      layers: c.integer("num_res_blocks", 2),
    },
  };
}

/**
 * Reads the section `model` of an SR3 configuration.
 *
 * @throws {ModelError} Naming a key that is wrong or not supported.
 */
export function readSr3Settings(c: ConfigReader): OriginalSettings {
  c.only("which_model_G", ["sr3"]);
  const unet = c.section("unet");
  return {
    ...NO_SETTINGS,
    path: c.path,
    schedule: readBetas(c.section("beta_schedule"), "val"),
    sampleSize: c.has("diffusion") ? c.section("diffusion").integer("image_size", 128) : 128,
    groups: unet.integer("norm_groups", 32),
    visible: {
      inChannels: unet.integer("in_channel", 6),
      outChannels: unet.integer("out_channel", 3),
      modelChannels: unet.integer("inner_channel", 32),
      layers: unet.integer("res_blocks", 3),
      channelMultiples: unet.integers("channel_multiplier", [1, 2, 4, 8, 8]),
    },
  };
}

/**
 * Reads a Palette configuration: `{ unet, beta_schedule }`.
 *
 * @throws {ModelError} Naming a key that is wrong or not supported.
 */
export function readPaletteSettings(c: ConfigReader): OriginalSettings {
  const unet = c.section("unet");
  unet.expect({ conv_resample: true, num_heads_upsample: -1 });
  return {
    ...NO_SETTINGS,
    path: c.path,
    heads: readHeads(unet, 1),
    order: unet.flag("use_new_attention_order", false) ? "new" : "legacy",
    schedule: readBetas(c.section("beta_schedule"), "test"),
    sampleSize: unet.integer("image_size", 256),
    visible: {
      inChannels: unet.integer("in_channel"),
      outChannels: unet.integer("out_channel"),
      modelChannels: unet.integer("inner_channel"),
      layers: unet.integer("res_blocks"),
      channelMultiples: unet.integers("channel_mults", [1, 2, 4, 8]),
    },
  };
}

/** The schedule of a phase. Training used others. */
function readBetas(c: ConfigReader, phase: "val" | "test"): OriginalSchedule {
  const betas = c.section(phase);
  return {
    kind: betas.choice("schedule", ["linear"], "linear"),
    start: betas.number("linear_start", 1e-6),
    end: betas.number("linear_end", 1e-2),
    steps: betas.integer("n_timestep"),
  };
}
