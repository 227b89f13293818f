/**
 * What inpainting models have in common, and where they differ.
 *
 * @module
 */
import { isObject, type JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { readJson } from "../formats/read_json.ts";
import type { Model } from "./model.ts";
import { readUNet2DConfig } from "./networks/unet_2d.ts";
import { PALETTE_PIPELINE } from "./palette.ts";
import { latentSpace } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";
import { readDefault, readTextFamily, type TextToImageFamily } from "./text_to_image_family.ts";
import { UNCONDITIONAL_PIPELINES } from "./unconditional_family.ts";

/** How a network is told what is repainted: channels behind the sample's. */
export interface MaskChannels {
  /** Which comes first, the mask or the latents of what is left of the picture. */
  readonly first: "mask" | "masked";
  /** The mask's value where the picture is kept; where it is repainted the value is 1. */
  readonly kept: 0 | -1;
  /** What stands in the hole of the picture that is encoded, in -1..1. */
  readonly hole: 0 | -1;
}

/** An inpainting model, as far as the pipeline has to know. */
export interface InpaintingFamily {
  /** How it draws from text; null if it reads none. */
  readonly text: TextToImageFamily | null;
  /** The component between pictures and latents. */
  readonly autoencoder: string;
  /** Pixels a side of a latent pixel has. */
  readonly factor: number;
  /** What sides in pixels must be multiples of. */
  readonly multiple: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Denoisers see latents, less the shift, times this. */
  readonly scalingFactor: number;
  /** Subtracted from latents before they are scaled. */
  readonly shiftFactor: number;
  /** Whether a picture's latents are drawn from their posterior. */
  readonly drawsPosterior: boolean;
  /** How the network is told of the mask; null if it is not, and the kept part is blended in after each step. */
  readonly told: MaskChannels | null;
  /** Whether the original program puts what was made into the picture. */
  readonly composites: boolean;
  /** What a call gets that does not say otherwise. */
  readonly defaults: { readonly steps: number; readonly width: number; readonly height: number };
  /** The model's own scheduler configuration. */
  readonly scheduler: JsonObject;
}

/** Stable Diffusion's inpainting models; the embedded one follows them. */
const MASK_FIRST: MaskChannels = { first: "mask", kept: 0, hole: 0 };

/** CompVis' `scripts/inpaint.py` of latent diffusion: masks are in -1..1 as pictures are, and holes are black. */
const MASK_LAST: MaskChannels = { first: "masked", kept: -1, hole: -1 };

const TEXT_CLASSES = [
  "LDMTextToImagePipeline",
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionInpaintPipeline",
];

/** Latent diffusion's own, which reads no text. */
const OWN_CLASS = "LDMInpaintingPipeline";

/**
 * Reads what a model says of itself: how it is told of a mask follows from its class and from its U-Net's channels.
 *
 * @throws {SettingsError} If the model is of a class that does not inpaint.
 * @throws {ModelError} If its configuration cannot be used, or its U-Net takes other channels.
 */
export async function inpaintingFamily(model: Model): Promise<InpaintingFamily> {
  const { className } = model;
  if (className === OWN_CLASS) return await ownFamily(model);
  if (TEXT_CLASSES.includes(className)) return await textFamily(model);
  throw new SettingsError(
    `Cannot inpaint with ${model.description}: it is of the class ${className}; these inpaint: ` +
      [...TEXT_CLASSES, OWN_CLASS, PALETTE_PIPELINE, ...UNCONDITIONAL_PIPELINES].join(", "),
  );
}

async function textFamily(model: Model): Promise<InpaintingFamily> {
  const text = await readTextFamily(model);
  const { inChannels, latentChannels } = text;
  const told = inChannels === 2 * latentChannels + 1 ? MASK_FIRST : null;
  if (told === null && inChannels !== latentChannels) {
    throw channelsError(model, { inChannels, possible: [latentChannels, 2 * latentChannels + 1] });
  }
  return {
    ...text,
    text,
    multiple: text.factor,
    told,
    // Stable Diffusion's was trained on draws, latent diffusion's own models on the mean.
    drawsPosterior: told === null || model.className.startsWith("StableDiffusion"),
    composites: false,
  };
}

async function ownFamily(model: Model): Promise<InpaintingFamily> {
  const { folder } = model;
  const { autoencoder, channels, factor } = latentSpace(model, "vqvae");
  const { scalingFactor, shiftFactor } = autoencoder!;
  const unet = readUNet2DConfig(folder.component("unet").readConfig());
  if (unet.inChannels !== 2 * channels + 1) {
    const { inChannels } = unet;
    throw channelsError(model, { inChannels, possible: [2 * channels + 1] });
  }
  const scheduler = await readJson(folder.component("scheduler").files, "scheduler_config.json");
  if (!isObject(scheduler)) {
    throw new ModelError(`Cannot use the scheduler of ${folder.description}: it is no object`);
  }
  return {
    text: null,
    autoencoder: "vqvae",
    factor,
    // Residual blocks that halve and double want even sizes all the way down.
    multiple: factor * 2 ** (unet.levels.length - 1),
    latentChannels: channels,
    scalingFactor,
    shiftFactor,
    drawsPosterior: false,
    told: MASK_LAST,
    composites: true,
    defaults: {
      steps: readDefault(model, "default_steps", 50),
      width: factor * (unet.sampleSize?.[1] ?? 64),
      height: factor * (unet.sampleSize?.[0] ?? 64),
    },
    scheduler: { ...scheduler, _class_name: folder.component("scheduler").className },
  };
}

function channelsError(
  { folder }: Model,
  { inChannels, possible }: { readonly inChannels: number; readonly possible: readonly number[] },
): ModelError {
  return new ModelError(
    `Cannot inpaint with ${folder.description}: its U-Net takes ${inChannels} channels, but must take ${
      possible.join(" or ")
    }`,
  );
}
