/**
 * What text-to-image models have in common, and where they differ.
 *
 * @module
 */
import { isObject, type JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { readJson } from "../formats/read_json.ts";
import { autoencoderFactor } from "../models/autoencoder_kl.ts";
import type { Model } from "./model.ts";
import { readAutoencoderKLConfig } from "./networks/autoencoder_kl.ts";
import { readSampleSize } from "./networks/sample_size.ts";
import { SettingsError } from "./settings.ts";

/** A text-to-image model, as far as the pipeline has to know. */
export interface TextToImageFamily {
  /** The component that encodes prompts. */
  readonly textEncoder: string;
  /** The component that decodes latents. */
  readonly autoencoder: string;
  /** How many last layers of the text encoder can be skipped. */
  readonly textLayers: number;
  /** How many tokens the text encoder knows. */
  readonly vocabulary: number;
  /** Tokens of a prompt; longer ones are cut, shorter ones padded. */
  readonly tokens: number;
  /** Whether a guidance scale switches guidance on. */
  readonly guided: (scale: number) => boolean;
  /** Pixels a side of a latent pixel has. */
  readonly factor: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Channels that the U-Net takes: those of the latents, and what a task puts beside them. */
  readonly inChannels: number;
  /** Denoisers see latents, less the shift, times this. */
  readonly scalingFactor: number;
  /** Subtracted from latents before they are scaled. */
  readonly shiftFactor: number;
  /** What a call gets that does not say otherwise. */
  readonly defaults: {
    readonly steps: number;
    readonly guidanceScale: number;
    readonly width: number;
    readonly height: number;
  };
  /** The model's own scheduler configuration. */
  readonly scheduler: JsonObject;
}

/** What the pipelines' classes decide. */
type ClassSettings = Pick<TextToImageFamily, "textEncoder" | "autoencoder" | "guided"> & {
  readonly steps: number;
  readonly guidanceScale: number;
};

const STABLE_DIFFUSION: ClassSettings = {
  textEncoder: "text_encoder",
  autoencoder: "vae",
  guided: (scale) => scale > 1,
  steps: 50,
  guidanceScale: 7.5,
};

/** Defaults are diffusers'. */
const CLASSES: ReadonlyMap<string, ClassSettings> = new Map([
  ["LDMTextToImagePipeline", {
    textEncoder: "bert",
    autoencoder: "vqvae",
    guided: (scale: number) => scale !== 1,
    steps: 50,
    guidanceScale: 1,
  }],
  ["StableDiffusionPipeline", STABLE_DIFFUSION],
  ["StableDiffusionImg2ImgPipeline", STABLE_DIFFUSION],
  ["StableDiffusionInpaintPipeline", STABLE_DIFFUSION],
  ["StableDiffusionUpscalePipeline", { ...STABLE_DIFFUSION, steps: 75, guidanceScale: 9 }],
]);

/**
 * Reads what a model's folder says about its pipeline.
 *
 * @throws {SettingsError} If the model is of a class that does not draw from text.
 * @throws {ModelError} If its configuration cannot be used.
 */
export async function textToImageFamily(model: Model): Promise<TextToImageFamily> {
  return await latentTextFamily(model, {
    task: "draw from text",
    classes: ["LDMTextToImagePipeline", "StableDiffusionPipeline"],
  });
}

/**
 * Reads a model whose denoiser sees latents and text, for a task that puts nothing beside the latents.
 *
 * @throws {SettingsError} If the model is of another class.
 * @throws {ModelError} If its configuration cannot be used, or it was made for another task.
 */
export async function latentTextFamily(
  model: Model,
  { task, classes }: { readonly task: string; readonly classes: readonly string[] },
): Promise<TextToImageFamily> {
  const { folder, className } = model;
  if (!classes.includes(className)) {
    throw new SettingsError(
      `Cannot ${task} with ${model.description}: it is of the class ${className}; these ${task}: ` +
        classes.join(", "),
    );
  }
  const family = await readTextFamily(model);
  if (family.inChannels !== family.latentChannels) {
    throw new ModelError(
      `Cannot ${task} with ${folder.description}: its U-Net takes ${family.inChannels} channels, but latents have ` +
        `${family.latentChannels}; it was made for another task`,
    );
  }
  return family;
}

/**
 * Reads a model that draws from text and perhaps from more.
 *
 * @throws {ModelError} If it is of a class that does not, or its configuration cannot be used.
 */
export async function readTextFamily(model: Model): Promise<TextToImageFamily> {
  const { folder, className } = model;
  const known = CLASSES.get(className);
  if (known === undefined) {
    throw new ModelError(
      `Cannot use ${model.description}: it is of the class ${className}; these draw from text: ` +
        [...CLASSES.keys()].join(", "),
    );
  }
  const { steps, guidanceScale, ...names } = known;
  const autoencoder = folder.component(names.autoencoder);
  if (autoencoder.className !== "AutoencoderKL") {
    throw new ModelError(
      `Cannot decode with ${names.autoencoder} of ${folder.description}: its class is ${autoencoder.className}, not AutoencoderKL`,
    );
  }
  const config = readAutoencoderKLConfig(autoencoder.readConfig());
  const factor = autoencoderFactor(config.blocks);
  const unet = folder.component("unet").readConfig();
  const [rows, columns] = readSampleSize(unet, 32);
  if (unet.nullable.integer("time_cond_proj_dim") !== null) {
    throw new ModelError(
      `Cannot use the U-Net of ${folder.description}: it is told the guidance scale (time_cond_proj_dim), as distilled ` +
        "models are, which is not supported",
    );
  }
  const inChannels = unet.integer("in_channels", 4);
  const scheduler = await readJson(folder.component("scheduler").files, "scheduler_config.json");
  if (!isObject(scheduler)) {
    throw new ModelError(`Cannot use the scheduler of ${folder.description}: it is no object`);
  }
  return {
    ...names,
    tokens: 77,
    vocabulary: folder.component(names.textEncoder).readConfig().integer(
      "vocab_size",
      folder.component(names.textEncoder).className === "CLIPTextModel" ? 49408 : 30522,
    ),
    // LDM's encoder was trained with the denoiser: nobody skips its layers. Of an ONNX file only the last is to be had.
    textLayers: folder.component(names.textEncoder).className === "CLIPTextModel" &&
        folder.component(names.textEncoder).onnx === undefined
      ? folder.component(names.textEncoder).readConfig().integer("num_hidden_layers", 12)
      : 0,
    factor,
    latentChannels: config.latentChannels,
    inChannels,
    scalingFactor: config.scalingFactor,
    shiftFactor: config.shiftFactor,
    defaults: {
      // A model's card may recommend others; model_index.json carries them for programs.
      steps: readDefault(model, "default_steps", steps),
      guidanceScale: readDefault(model, "default_guidance_scale", guidanceScale),
      width: columns * factor,
      height: rows * factor,
    },
    // The index names the class; the configuration may leave it out.
    scheduler: { ...scheduler, _class_name: folder.component("scheduler").className },
  };
}

/** A setting of the model's index that is a positive number, or another where it has none. */
export function readDefault({ folder }: Model, key: string, otherwise: number): number {
  const value = folder.settings.get(key);
  if (value === undefined) return otherwise;
  if (typeof value !== "number" || !(value > 0)) {
    throw new ModelError(
      `Cannot use ${key} of ${folder.description}: it is ${
        JSON.stringify(value)
      }, not a positive number`,
    );
  }
  return value;
}
