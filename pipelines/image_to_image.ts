/**
 * Image to image: a picture is noised part of the way and denoised again under a prompt (SDEdit, Meng et al. 2022).
 *
 * @module
 */
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { f32, type HostTensorOf } from "../graph/tensor_spec.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { decodeLatents, prepareDecoder } from "./decode_latents.ts";
import { denoise } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { encodeImages } from "./encode_images.ts";
import { readLatents } from "./given_latents.ts";
import { readPictures, workingSides } from "./given_pictures.ts";
import { guidedDenoiser } from "./guided_denoiser.ts";
import { toPictures } from "./image_output.ts";
import type { ImageToImage, ImageToImageOptions } from "./image_to_image_options.ts";
import { type Model, type ModelOptions, openModel } from "./model.ts";
import { type NoiseStream, noiseStream } from "./noise_stream.ts";
import { predictionOf } from "./prediction.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { stepEvent } from "./step_event.ts";
import { encodeContext } from "./text_context.ts";
import { guidedRows, readTextSettings, type TextSettings } from "./text_settings.ts";
import { latentTextFamily, type TextToImageFamily } from "./text_to_image_family.ts";
import type { TextToImageResult } from "./text_to_image_options.ts";
import { tiledAutoencoder } from "./tiled_autoencoder.ts";
import { type CheckedTiles, readAutoencoderTiles } from "./tiling/autoencoder_tiles.ts";

/** Everything a call needs that does not depend on it. */
export interface ImageToImageParts {
  readonly model: Model;
  readonly family: TextToImageFamily;
  readonly tokenizer: Tokenizer;
  readonly arithmetic: Arithmetic;
}

/** A call, checked and with every default filled in. */
interface Request {
  readonly texts: TextSettings;
  readonly sampling: SamplingSettings;
  readonly guides: ((index: number) => boolean) | undefined;
  /** The given pictures `[m, 3, height, width]` in -1..1. */
  readonly images: HostTensorOf<"f32">;
  readonly latentShape: readonly number[];
  readonly latents: HostTensorOf<"f32"> | undefined;
  readonly tiles: CheckedTiles;
}

/** Opens a model for image to image. */
export async function imageToImage(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<ImageToImage> {
  const model = await openModel(source, options);
  try {
    const parts = await imageToImageParts(model);
    return Object.assign((asked: ImageToImageOptions) => generateFromImage(parts, asked), {
      model,
      async [Symbol.asyncDispose]() {
        parts.arithmetic[Symbol.dispose]();
        await model[Symbol.asyncDispose]();
      },
    });
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

/** Reads what a model says of itself. */
export async function imageToImageParts(model: Model): Promise<ImageToImageParts> {
  const family = await latentTextFamily(model, {
    task: "draw from a picture",
    classes: [
      "LDMTextToImagePipeline",
      "StableDiffusionPipeline",
      "StableDiffusionImg2ImgPipeline",
      "StableDiffusionInpaintPipeline",
    ],
  });
  const tokenizer = await model.tokenizer();
  return { model, family, tokenizer, arithmetic: new Arithmetic(model.backend) };
}

/** Checks a call before anything is computed. */
function prepare({ family }: ImageToImageParts, options: ImageToImageOptions): Request {
  const { factor, latentChannels } = family;
  const pictures = readPictures("image", options.image);
  const texts = readTextSettings(options, { ...family, given: pictures.length });
  const batch = texts.prompts.length;
  const sides = workingSides(options, { otherwise: pictures[0]!, multiple: factor });
  const strength = options.strength ?? 0.8;
  const sampling = readSamplingSettings({ ...options, strength }, { ...family, batch });
  const latentShape = [batch, latentChannels, sides.height / factor, sides.width / factor];
  return {
    texts,
    sampling,
    guides: guidedRows(options.guidanceInterval, sampling.plan),
    images: preprocessPictures(pictures, { ...sides, scaleFactor: factor, convert: "rgb" }),
    latentShape,
    latents: readLatents(options.latents, latentShape),
    tiles: readAutoencoderTiles(options, factor),
  };
}

/**
 * Does a call. Noise is drawn as in diffusers: for the posterior of the pictures, to be added to them, in the steps.
 *
 * @param noise Draws it, instead of the seed.
 */
export async function generateFromImage(
  parts: ImageToImageParts,
  options: ImageToImageOptions,
  noise?: NoiseStream,
): Promise<TextToImageResult> {
  const request = prepare(parts, options);
  const { texts, sampling, guides, images, latentShape, latents: given } = request;
  const { model, family, arithmetic } = parts;
  const { plan, seeds } = sampling;
  const batch = latentShape[0]!;
  options.signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  options.onPlan?.(plan);

  const draw = noise ?? noiseStream(seeds);
  // With a generator for each picture of the batch, each has a draw of its own.
  const rows = typeof seeds === "number" ? images.shape[0]! : batch;
  const posterior = draw([rows, ...latentShape.slice(1)]);
  const added = given ?? draw(latentShape);
  const drawStep = sampling.stepSeed === undefined ? draw : noiseStream(sampling.stepSeed);

  using context = await encodeContext(texts, { ...parts, onWarning: options.onWarning });
  using autoencoder = await tiledAutoencoder(parts, {
    name: family.autoencoder,
    tiles: request.tiles,
    latentShape,
    pictures: images.shape[0]!,
    onWarning: options.onWarning,
  });
  using image = await encodeImages(images, {
    component: autoencoder.encoder,
    arithmetic,
    family,
    batch,
    noise: posterior,
  });
  using denoiser = await guidedDenoiser(await model.component("unet"), {
    arithmetic,
    shape: latentShape,
    context,
    guidance: texts.guided ? texts.guidanceScale : null,
    rescale: texts.guidanceRescale,
    guides,
  });
  const decoding = { component: autoencoder.decoder, arithmetic, family };
  await prepareDecoder(f32(...latentShape), decoding);
  const { onStep } = options;
  const prediction = predictionOf(sampling.scheduler);
  using last = await denoise(plan, {
    backend: model.backend,
    start: { image, noise: added },
    evaluate: denoiser.evaluate,
    draw: () => drawStep(latentShape).data,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal: options.signal,
    listener: onStep &&
      ((event) => onStep(stepEvent(event, { plan, context, prediction, decoding, arithmetic }))),
  });
  const { latents, tensor } = await decodeLatents(last, decoding);
  const pictures = describedImages(toPictures(tensor), {
    model,
    sampling,
    texts,
    guidanceInterval: guides && options.guidanceInterval,
    tiles: request.tiles,
  });
  return { images: pictures, latents, tensor, seed: sampling.seed, cost: autoencoder.cost };
}
