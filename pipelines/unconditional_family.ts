/**
 * What models that draw from noise have in common, and where they differ.
 *
 * @module
 */
import { isObject, type JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { readJson } from "../formats/read_json.ts";
import { sampleChannels } from "../models/unet_2d_condition_inputs.ts";
import { scheduler as makeScheduler } from "../schedulers/scheduler.ts";
import {
  type ClassConditioning,
  labelConditioning,
  tokenConditioning,
} from "./class_conditioning.ts";
import type { Model } from "./model.ts";
import { readSampleSize } from "./networks/sample_size.ts";
import { readUNet2DConfig } from "./networks/unet_2d.ts";
import { readUNet2DConditionConfig } from "./networks/unet_2d_condition.ts";
import { latentSpace, pixelSpace, type SampleSpace } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";
import { readDefault } from "./text_to_image_family.ts";

/** A model that draws from noise, or from noise and a class. */
export interface UnconditionalFamily {
  /** Where its samples live. */
  readonly space: SampleSpace;
  /** How it is told classes; null if it knows none. */
  readonly classes: ClassConditioning | null;
  /** Channels of the denoiser's output: the sample's, or twice as many where it predicts a variance too. */
  readonly outChannels: number;
  /** Sides of pictures are multiples of this. */
  readonly multiple: number;
  /** What a call gets that does not say otherwise. */
  readonly defaults: {
    readonly steps: number;
    readonly guidanceScale: number;
    /** Height and width in pixels; null if the configuration does not say. */
    readonly size: readonly [height: number, width: number] | null;
  };
  /** The model's own scheduler configuration. */
  readonly scheduler: JsonObject;
}

/** What a pipeline's class decides. */
interface PipelineFacts {
  /** The component between latents and pictures. */
  readonly autoencoder?: string;
  /** The component that makes tokens of classes. */
  readonly classTokens?: string;
  /** The scheduler's class, whatever the model's own is. */
  readonly sampler?: string;
  readonly steps: number;
  readonly guidanceScale?: number;
}

/** Defaults are diffusers', for classes to pictures those of latent diffusion's own notebook. */
const CLASSES: ReadonlyMap<string, PipelineFacts> = new Map<string, PipelineFacts>([
  ["LDMPipeline", { autoencoder: "vqvae", steps: 50 }],
  ["LDMClassToImagePipeline", {
    autoencoder: "vqvae",
    classTokens: "class_embedder",
    steps: 20,
    guidanceScale: 3,
  }],
  ["DDPMPipeline", { steps: 1000 }],
  ["DDIMPipeline", { sampler: "DDIMScheduler", steps: 50 }],
  ["PNDMPipeline", { sampler: "PNDMScheduler", steps: 50 }],
  // Without a mask there is nothing to paint around: what is left is the network, which was trained as any other.
  ["RePaintPipeline", { sampler: "DDPMScheduler", steps: 1000 }],
]);

/** Pipelines whose models draw from noise. */
export const UNCONDITIONAL_PIPELINES: ReadonlySet<string> = new Set(CLASSES.keys());

/**
 * Reads what a model's folder says about its pipeline.
 *
 * @throws {SettingsError} If the model is of a class that does not draw from noise.
 * @throws {ModelError} If its configuration cannot be used.
 */
export async function unconditionalFamily(model: Model): Promise<UnconditionalFamily> {
  const { className, description } = model;
  const facts = CLASSES.get(className);
  if (facts === undefined) {
    throw new SettingsError(
      `Cannot draw from noise with ${description}: it is of the class ${className}; these draw from noise: ` +
        [...CLASSES.keys()].join(", "),
    );
  }
  const latents = facts.autoencoder === undefined ? null : latentSpace(model, facts.autoencoder);
  const unet = facts.classTokens === undefined
    ? plainUNet(model)
    : attendingUNet(model, facts.classTokens);
  const space = latents ?? pixelSpace(unet.inChannels);
  const { channels, factor } = space;
  if (unet.inChannels !== channels || ![channels, 2 * channels].includes(unet.outChannels)) {
    throw new ModelError(
      `Cannot draw from noise with ${description}: its U-Net takes ${unet.inChannels} channels and gives ` +
        `${unet.outChannels}, but samples have ${channels}; it was made for another task`,
    );
  }
  const scheduler = await readScheduler(model, facts.sampler);
  const trained = scheduler.num_train_timesteps;
  const { steps, guidanceScale = 1 } = facts;
  return {
    space,
    classes: unet.classes,
    outChannels: unet.outChannels,
    multiple: unet.multiple * factor,
    defaults: {
      steps: readDefault(
        model,
        "default_steps",
        typeof trained === "number" ? Math.min(steps, trained) : steps,
      ),
      guidanceScale: readDefault(model, "default_guidance_scale", guidanceScale),
      size: unet.size && [unet.size[0] * factor, unet.size[1] * factor],
    },
    scheduler,
  };
}

/** What the pipeline has to know of a U-Net. */
interface UNetFacts {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly classes: ClassConditioning | null;
  /** Sides of samples are multiples of this. */
  readonly multiple: number;
  /** Height and width of the samples that it was trained for. */
  readonly size: readonly [height: number, width: number] | null;
}

function plainUNet(model: Model): UNetFacts {
  const config = readUNet2DConfig(model.folder.component("unet").readConfig());
  const { inChannels, outChannels, levels, sampleSize } = config;
  return {
    inChannels,
    outChannels,
    classes: labelConditioning(config, model),
    // It is halved between levels and doubled again: an odd side would come back as another.
    multiple: 2 ** (levels.length - 1),
    size: sampleSize,
  };
}

function attendingUNet(model: Model, classTokens: string): UNetFacts {
  const component = model.folder.component("unet");
  const config = readUNet2DConditionConfig(component.readConfig());
  return {
    inChannels: sampleChannels(config),
    outChannels: config.outChannels,
    classes: tokenConditioning(model, classTokens),
    multiple: 1,
    size: readSampleSize(component.readConfig(), 32),
  };
}

async function readScheduler(
  { folder }: Model,
  sampler: string | undefined,
): Promise<JsonObject> {
  const { className, files } = folder.component("scheduler");
  const json = await readJson(files, "scheduler_config.json");
  if (!isObject(json)) {
    throw new ModelError(`Cannot use the scheduler of ${folder.description}: it is no object`);
  }
  // The index names the class; the configuration may leave it out.
  const own = { ...json, _class_name: className };
  return sampler === undefined || sampler === className
    ? own
    : makeScheduler(sampler, { base: own }).config as JsonObject;
}
