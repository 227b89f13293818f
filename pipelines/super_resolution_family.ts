/**
 * What super-resolution models have in common, and where they differ.
 *
 * @module
 */
import { isObject, type JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { readJson } from "../formats/read_json.ts";
import { type Scheduler, scheduler as makeScheduler } from "../schedulers/scheduler.ts";
import type { Model } from "./model.ts";
import { readUNet2DConfig } from "./networks/unet_2d.ts";
import { readUNet2DConditionConfig } from "./networks/unet_2d_condition.ts";
import { latentSpace, pixelSpace, type SampleSpace } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";
import { readDefault, readTextFamily, type TextToImageFamily } from "./text_to_image_family.ts";

/** What every super-resolution model has. */
interface Common {
  /** Where its samples live. */
  readonly space: SampleSpace;
  /** The model's own scheduler configuration. */
  readonly scheduler: JsonObject;
  /** What the network halves evenly. */
  readonly align: number;
  /** What a call gets that does not say otherwise. */
  readonly defaults: { readonly steps: number; readonly eta: number };
}

/** A super-resolution model, as far as the pipeline has to know. */
export type SuperResolutionFamily =
  & Common
  & (
    | {
      /** Latent diffusion: latents as large as the given picture, which stands behind them (Rombach et al. 2022, section 4.4). */
      readonly kind: "latent";
      /** The picture is scaled with the latents for the network: diffusers does this, the original does not. */
      readonly scaleImage: boolean;
      /** diffusers rounds the sides of pictures down to multiples of this; null for the original, which takes any. */
      readonly multiple: number | null;
    }
    | {
      /** Stable Diffusion's upscaler: the same with text, and noise on the given picture. */
      readonly kind: "text";
      readonly text: TextToImageFamily;
      /** Width of the encoded text. */
      readonly contextWidth: number;
      /** What noises the given picture, and how much it may. */
      readonly noise: { readonly scheduler: Scheduler; readonly most: number };
      readonly multiple: number;
    }
    | {
      /** SR3: the picture, enlarged, stands before a sample of pixels (Saharia et al. 2021). */
      readonly kind: "pixels";
      /** The side that it was made for. */
      readonly sampleSize: number;
    }
  );

/** What diffusers scales the upscaler's latents by, whatever the autoencoder's configuration says. */
const UPSCALER_SCALE = 0.08333;

/** Pipelines that enlarge. */
const CLASSES = [
  "LDMSuperResolutionPipeline",
  "StableDiffusionUpscalePipeline",
  "SR3Pipeline",
] as const;

/**
 * Reads what a model says of itself.
 *
 * @throws {SettingsError} If the model is of a class that does not enlarge.
 * @throws {ModelError} If its configuration cannot be used.
 */
export async function superResolutionFamily(model: Model): Promise<SuperResolutionFamily> {
  const className = CLASSES.find((name) => name === model.className);
  switch (className) {
    case "LDMSuperResolutionPipeline":
      return await latentFamily(model);
    case "StableDiffusionUpscalePipeline":
      return await textFamily(model);
    case "SR3Pipeline":
      return await pixelFamily(model);
    case undefined:
      throw new SettingsError(
        `Cannot enlarge pictures with ${model.description}: it is of the class ${model.className}; these enlarge: ` +
          CLASSES.join(", "),
      );
  }
}

async function latentFamily(model: Model): Promise<SuperResolutionFamily> {
  const { folder } = model;
  const space = latentSpace(model, "vqvae");
  if (space.autoencoder === null) throw new TypeError("latents have an autoencoder");
  const original = folder.settings.get("scale_image") === false;
  const unet = readUNet2DConfig(folder.component("unet").readConfig());
  checkChannels(model, unet, { sample: space.channels, image: space.pictureChannels });
  return {
    kind: "latent",
    // diffusers decodes these latents as they are.
    space: { ...space, autoencoder: { ...space.autoencoder, scalingFactor: 1 } },
    scheduler: await readScheduler(model, "scheduler"),
    align: 2 ** (unet.levels.length - 1),
    defaults: {
      steps: readDefault(model, "default_steps", 100),
      eta: folder.settings.has("default_eta") ? readDefault(model, "default_eta", 1) : 0,
    },
    scaleImage: !original,
    multiple: original ? null : 32,
  };
}

async function textFamily(model: Model): Promise<SuperResolutionFamily> {
  const { folder } = model;
  const text = await readTextFamily(model);
  const space = latentSpace(model, "vae");
  if (space.autoencoder === null) throw new TypeError("latents have an autoencoder");
  const unet = readUNet2DConditionConfig(folder.component("unet").readConfig());
  checkChannels(model, { inChannels: text.inChannels, outChannels: unet.outChannels }, {
    sample: space.channels,
    image: space.pictureChannels,
  });
  if (unet.classes?.kind !== "lookup") {
    throw new ModelError(
      `Cannot enlarge with ${folder.description}: its U-Net has no table of noise levels (num_class_embeds)`,
    );
  }
  const most = folder.settings.get("max_noise_level") ?? 350;
  if (typeof most !== "number" || !Number.isInteger(most) || most < 0) {
    throw new ModelError(
      `Cannot use max_noise_level of ${folder.description}: it is ${
        JSON.stringify(most)
      }, not a whole number from 0`,
    );
  }
  const noising = makeScheduler(await readScheduler(model, "low_res_scheduler"));
  const { noiseSchedule } = noising;
  if (noiseSchedule === undefined) {
    throw new ModelError(
      `Cannot enlarge with ${folder.description}: its low_res_scheduler, ${noising.name}, has no noise schedule`,
    );
  }
  return {
    kind: "text",
    space: { ...space, autoencoder: { ...space.autoencoder, scalingFactor: UPSCALER_SCALE } },
    scheduler: text.scheduler,
    align: 2 ** (unet.levels.length - 1),
    defaults: { steps: text.defaults.steps, eta: 0 },
    text,
    contextWidth: unet.contextWidth,
    noise: {
      scheduler: noising,
      most: Math.min(most, unet.classes.count - 1, noiseSchedule.betas.length - 1),
    },
    multiple: space.factor,
  };
}

async function pixelFamily(model: Model): Promise<SuperResolutionFamily> {
  const { folder } = model;
  const unet = readUNet2DConfig(folder.component("unet").readConfig());
  checkChannels(model, unet, { sample: unet.outChannels, image: unet.outChannels });
  const scheduler = await readScheduler(model, "scheduler");
  const { num_train_timesteps: all } = makeScheduler(scheduler).config;
  return {
    kind: "pixels",
    space: pixelSpace(unet.outChannels),
    scheduler,
    align: 2 ** (unet.levels.length - 1),
    // The original runs through all of its few thousand steps.
    defaults: { steps: readDefault(model, "default_steps", all as number), eta: 0 },
    sampleSize: Math.min(...(unet.sampleSize ?? [128, 128])),
  };
}

function checkChannels(
  { folder }: Model,
  unet: { readonly inChannels: number; readonly outChannels: number },
  { sample, image }: { readonly sample: number; readonly image: number },
): void {
  if (unet.inChannels === sample + image && unet.outChannels === sample && image === 3) return;
  throw new ModelError(
    `Cannot enlarge with ${folder.description}: its U-Net takes ${unet.inChannels} channels and gives ${unet.outChannels}; ` +
      `wanted ${sample} of the sample with 3 of the given picture, and ${sample}`,
  );
}

/** A scheduler's configuration. The index names its class; the configuration may leave it out. */
async function readScheduler({ folder }: Model, name: string): Promise<JsonObject> {
  const { files, className } = folder.component(name);
  const scheduler = await readJson(files, "scheduler_config.json");
  if (!isObject(scheduler)) {
    throw new ModelError(`Cannot use ${name} of ${folder.description}: it is no object`);
  }
  return { ...scheduler, _class_name: className };
}
