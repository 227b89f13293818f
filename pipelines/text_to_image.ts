/**
 * Text to image: prompts to pictures (Rombach et al. 2022, section 4.3).
 *
 * @module
 */
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { f32, type HostTensorOf } from "../graph/tensor_spec.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { decodeLatents, prepareDecoder } from "./decode_latents.ts";
import { denoise } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { readLatents } from "./given_latents.ts";
import { guidedDenoiser } from "./guided_denoiser.ts";
import { toPictures } from "./image_output.ts";
import { type Model, type ModelOptions, openModel } from "./model.ts";
import { noiseStream } from "./noise_stream.ts";
import { predictionOf } from "./prediction.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { checkArea, checkSide } from "./settings.ts";
import { stepEvent } from "./step_event.ts";
import { encodeContext } from "./text_context.ts";
import { guidedRows, readTextSettings, type TextSettings } from "./text_settings.ts";
import { type TextToImageFamily, textToImageFamily } from "./text_to_image_family.ts";
import type {
  TextToImage,
  TextToImageOptions,
  TextToImageResult,
} from "./text_to_image_options.ts";
import { tiledAutoencoder } from "./tiled_autoencoder.ts";
import { type CheckedTiles, readAutoencoderTiles } from "./tiling/autoencoder_tiles.ts";

/** Everything a call needs that does not depend on it. */
interface Parts {
  readonly model: Model;
  readonly family: TextToImageFamily;
  readonly tokenizer: Tokenizer;
  readonly arithmetic: Arithmetic;
}

/** A call, checked and with every default filled in. */
interface Request {
  readonly texts: TextSettings;
  readonly sampling: SamplingSettings;
  /** Which rows of the plan are guided; undefined for all. */
  readonly guides: ((index: number) => boolean) | undefined;
  readonly latentShape: readonly number[];
  /** The initial noise, if it is given. */
  readonly latents: HostTensorOf<"f32"> | undefined;
  readonly tiles: CheckedTiles;
}

/** Opens a text-to-image model. */
export async function textToImage(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<TextToImage> {
  const model = await openModel(source, options);
  try {
    const family = await textToImageFamily(model);
    const tokenizer = await model.tokenizer();
    const arithmetic = new Arithmetic(model.backend);
    const parts: Parts = { model, family, tokenizer, arithmetic };
    return Object.assign((asked: TextToImageOptions) => generate(parts, asked), {
      model,
      async [Symbol.asyncDispose]() {
        arithmetic[Symbol.dispose]();
        await model[Symbol.asyncDispose]();
      },
    });
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

/** Checks a call before anything is computed. */
function prepare({ family }: Parts, options: TextToImageOptions): Request {
  const { defaults } = family;
  const texts = readTextSettings(options, family);
  const batch = texts.prompts.length;
  const side = Math.max(8, family.factor);
  const height = checkSide("height", options.height ?? defaults.height, side);
  const width = checkSide("width", options.width ?? defaults.width, side);
  checkArea({ width, height });
  const sampling = readSamplingSettings(options, { ...family, batch });
  const latentShape = [batch, family.latentChannels, height / family.factor, width / family.factor];
  const guides = guidedRows(options.guidanceInterval, sampling.plan);
  const latents = readLatents(options.latents, latentShape);
  const tiles = readAutoencoderTiles(options, family.factor);
  return { texts, sampling, guides, latentShape, latents, tiles };
}

async function generate(parts: Parts, options: TextToImageOptions): Promise<TextToImageResult> {
  const { texts, sampling, guides, latentShape, latents: given, tiles } = prepare(parts, options);
  const { model, family, arithmetic } = parts;
  const { plan, seeds } = sampling;
  options.signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  options.onPlan?.(plan);

  using context = await encodeContext(texts, { ...parts, onWarning: options.onWarning });
  using denoiser = await guidedDenoiser(await model.component("unet"), {
    arithmetic,
    shape: latentShape,
    context,
    guidance: texts.guided ? texts.guidanceScale : null,
    rescale: texts.guidanceRescale,
    guides,
  });

  const draw = noiseStream(seeds);
  const noise = given ?? draw(latentShape);
  const drawStep = sampling.stepSeed === undefined ? draw : noiseStream(sampling.stepSeed);

  using autoencoder = await tiledAutoencoder(parts, {
    name: family.autoencoder,
    tiles,
    latentShape,
    pictures: 0,
    onWarning: options.onWarning,
  });
  const decoding = { component: autoencoder.decoder, arithmetic, family };
  await prepareDecoder(f32(...latentShape), decoding);
  const { onStep } = options;
  const prediction = predictionOf(sampling.scheduler);
  using last = await denoise(plan, {
    backend: model.backend,
    start: { noise },
    evaluate: denoiser.evaluate,
    draw: () => drawStep(latentShape).data,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal: options.signal,
    listener: onStep &&
      ((event) => onStep(stepEvent(event, { plan, context, prediction, decoding, arithmetic }))),
  });
  const { latents, tensor } = await decodeLatents(last, decoding);
  const images = describedImages(toPictures(tensor), {
    model,
    sampling,
    texts,
    guidanceInterval: guides && options.guidanceInterval,
    tiles,
  });
  return { images, latents, tensor, seed: sampling.seed, cost: autoencoder.cost };
}
