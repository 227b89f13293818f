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
import { SettingsError } from "./settings.ts";

/** A text-to-image model, as far as the pipeline has to know. */
export interface TextToImageFamily {
  /** The component that encodes prompts. */
  readonly textEncoder: string;
  /** The component that decodes latents. */
  readonly autoencoder: string;
  /** How many last layers of the text encoder can be skipped. */
  readonly textLayers: number;
  /** Tokens of a prompt; longer ones are cut, shorter ones padded. */
  readonly tokens: number;
  /** Whether a guidance scale switches guidance on. */
  readonly guided: (scale: number) => boolean;
  /** Pixels a side of a latent pixel has. */
  readonly factor: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Denoisers see latents, less the shift, times this. */
  readonly scalingFactor: number;
  /** Subtracted from latents before they are scaled. */
  readonly shiftFactor: number;
  /** What a call gets that does not say otherwise. */
  readonly defaults: {
    readonly steps: number;
    readonly guidanceScale: number;
    readonly size: number;
  };
  /** The model's own scheduler configuration. */
  readonly scheduler: JsonObject;
}

/** What the pipelines' classes decide. Defaults are diffusers'. */
const CLASSES: ReadonlyMap<
  string,
  Pick<TextToImageFamily, "textEncoder" | "autoencoder" | "guided"> & {
    readonly steps: number;
    readonly guidanceScale: number;
  }
> = new Map([
  ["LDMTextToImagePipeline", {
    textEncoder: "bert",
    autoencoder: "vqvae",
    guided: (scale: number) => scale !== 1,
    steps: 50,
    guidanceScale: 1,
  }],
  ["StableDiffusionPipeline", {
    textEncoder: "text_encoder",
    autoencoder: "vae",
    guided: (scale: number) => scale > 1,
    steps: 50,
    guidanceScale: 7.5,
  }],
]);

/**
 * Reads what a model's folder says about its pipeline.
 *
 * @throws {SettingsError} If the model is of a class that does not draw from text.
 * @throws {ModelError} If its configuration cannot be used.
 */
export async function textToImageFamily(model: Model): Promise<TextToImageFamily> {
  const { folder, className } = model;
  const known = CLASSES.get(className);
  if (known === undefined) {
    throw new SettingsError(
      `Cannot draw from text with ${model.description}: it is of the class ${className}; these draw from text: ` +
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
  const sampleSize = unet.nullable.integer("sample_size", 32) ?? 32;
  const inChannels = unet.integer("in_channels", 4);
  if (inChannels !== config.latentChannels) {
    throw new ModelError(
      `Cannot draw from text with ${folder.description}: its U-Net takes ${inChannels} channels, but latents have ` +
        `${config.latentChannels}; it was made for another task`,
    );
  }
  const scheduler = await readJson(folder.component("scheduler").files, "scheduler_config.json");
  if (!isObject(scheduler)) {
    throw new ModelError(`Cannot use the scheduler of ${folder.description}: it is no object`);
  }
  return {
    ...names,
    tokens: 77,
    // LDM's encoder was trained with the denoiser: nobody skips its layers. Of an ONNX file only the last is to be had.
    textLayers: folder.component(names.textEncoder).className === "CLIPTextModel" &&
        folder.component(names.textEncoder).onnx === undefined
      ? folder.component(names.textEncoder).readConfig().integer("num_hidden_layers", 12)
      : 0,
    factor,
    latentChannels: config.latentChannels,
    scalingFactor: config.scalingFactor,
    shiftFactor: config.shiftFactor,
    defaults: {
      // A model's card may recommend others; model_index.json carries them for programs.
      steps: readDefault(model, "default_steps", steps),
      guidanceScale: readDefault(model, "default_guidance_scale", guidanceScale),
      size: sampleSize * factor,
    },
    // The index names the class; the configuration may leave it out.
    scheduler: { ...scheduler, _class_name: folder.component("scheduler").className },
  };
}

function readDefault({ folder }: Model, key: string, otherwise: number): number {
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
