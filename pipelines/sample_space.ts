/**
 * Where a model's samples live: pixels, or the latents of an autoencoder.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { ModelError } from "../formats/model_error.ts";
import { f32, type HostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { autoencoderFactor } from "../models/autoencoder_kl.ts";
import type { Arithmetic } from "./arithmetic.ts";
import {
  type Decoded,
  decodeLatents,
  type DecodeLatentsOptions,
  prepareDecoder,
} from "./decode_latents.ts";
import { encodeImages, type EncodeImagesOptions } from "./encode_images.ts";
import { checkFinite, toUnitInterval } from "./image_output.ts";
import type { Model } from "./model.ts";
import { readAutoencoderKLConfig } from "./networks/autoencoder_kl.ts";
import { readVQModelConfig } from "./networks/vq_model.ts";

/** A space of samples. */
export interface SampleSpace {
  /** The autoencoder between samples and pictures; null where samples are pictures. */
  readonly autoencoder: {
    /** Its component. */
    readonly name: string;
    /** Latents are the mean of a Gaussian, or what comes before a codebook. */
    readonly className: "AutoencoderKL" | "VQModel";
    /** Denoisers see latents, less the shift, times this. */
    readonly scalingFactor: number;
    /** Subtracted from latents before they are scaled. */
    readonly shiftFactor: number;
  } | null;
  /** Channels of a sample. */
  readonly channels: number;
  /** Channels of a picture. */
  readonly pictureChannels: number;
  /** Pixels a side of one position of a sample has. */
  readonly factor: number;
}

/** Samples that are pictures in -1..1. */
export function pixelSpace(channels: number): SampleSpace {
  return { autoencoder: null, channels, pictureChannels: channels, factor: 1 };
}

/**
 * The latents of a model's autoencoder.
 *
 * @throws {ModelError} If the component is no autoencoder, or its configuration cannot be used.
 */
export function latentSpace({ folder }: Model, name: string): SampleSpace {
  const { className, readConfig } = folder.component(name);
  switch (className) {
    case "AutoencoderKL": {
      const config = readAutoencoderKLConfig(readConfig());
      const { scalingFactor, shiftFactor, latentChannels: channels } = config;
      return {
        autoencoder: { name, className, scalingFactor, shiftFactor },
        channels,
        pictureChannels: config.outChannels,
        factor: autoencoderFactor(config.blocks),
      };
    }
    case "VQModel": {
      const config = readVQModelConfig(readConfig());
      const { scalingFactor, codeWidth: channels } = config;
      return {
        autoencoder: { name, className, scalingFactor, shiftFactor: 0 },
        channels,
        pictureChannels: config.outChannels,
        factor: autoencoderFactor(config.blocks),
      };
    }
    default:
      throw new ModelError(
        `Cannot decode with ${name} of ${folder.description}: its class is ${className}, not AutoencoderKL or VQModel`,
      );
  }
}

/** What crossing between samples and pictures takes. */
export interface SpaceParts {
  readonly model: Model;
  readonly arithmetic: Arithmetic;
  readonly space: SampleSpace;
  /** What decodes latents in the autoencoder's place: tile by tile, say. */
  readonly decoder?: DecodeLatentsOptions["component"] | undefined;
  /** What encodes pictures in its place. */
  readonly encoder?: EncodeImagesOptions["component"] | undefined;
}

/** Compiles what reads samples of a shape. Called before they are there, the work is done while the device samples. */
export async function prepareSamples(shape: readonly number[], parts: SpaceParts): Promise<void> {
  const { model, arithmetic, space: { autoencoder } } = parts;
  if (autoencoder === null) return;
  const component = parts.decoder ?? await model.component(autoencoder.name);
  await prepareDecoder(f32(...shape), { component, arithmetic, family: autoencoder });
}

/**
 * Reads samples `[n, c, h, w]` together with the pictures that they are or stand for, in one wait for the device.
 *
 * @throws {NonFiniteError} If a number is not finite.
 */
export async function readSamples(samples: Value, parts: SpaceParts): Promise<Decoded> {
  const { model, arithmetic, space: { autoencoder } } = parts;
  if (autoencoder !== null) {
    const component = parts.decoder ?? await model.component(autoencoder.name);
    return await decodeLatents(samples, { component, arithmetic, family: autoencoder });
  }
  const read = await samples.read() as HostTensor as HostTensorOf<"f32">;
  const latents = checkFinite("the last sample", read);
  return { latents, tensor: toUnitInterval(latents) };
}

/**
 * Brings pictures `[m, 3, height, width]` in -1..1 into the space of the samples, as they are or encoded, `[batch, c, h, w]`: each as
 * often as makes a batch. A Gaussian's latents are its mean, so that nothing is drawn. The value is the caller's.
 */
export async function encodePictures(
  pictures: HostTensorOf<"f32">,
  parts: SpaceParts & { readonly batch: number },
): Promise<Value> {
  const { model, arithmetic, batch, space } = parts;
  const { autoencoder } = space;
  if (autoencoder === null) return model.backend.upload(repeatPictures(pictures, batch));
  return await encodeImages(pictures, {
    component: parts.encoder ?? await model.component(autoencoder.name),
    arithmetic,
    family: autoencoder,
    batch,
  });
}

/** Each picture `[m, …]` as often as makes a batch: 0 0 1 1. */
export function repeatPictures(
  { shape, data }: HostTensorOf<"f32">,
  batch: number,
): HostTensorOf<"f32"> {
  const [m, ...rest] = shape as [number, ...number[]];
  const size = data.length / m;
  const repeated = new Float32Array(batch * size);
  for (let at = 0; at < batch; at++) {
    const from = Math.floor(at * m / batch);
    repeated.set(data.subarray(from * size, (from + 1) * size), at * size);
  }
  return { dtype: "f32", shape: [batch, ...rest], data: repeated };
}
