/**
 * Inpainting: parts of a picture are made anew (Rombach et al. 2022, section 4.5).
 *
 * A network that was trained for it is told what is repainted and what is left of the picture. Any other is not: then what is
 * kept is put back after each step, at that step's noise level.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { concat } from "../graph/ops/mod.ts";
import { f32, type HostTensorOf } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { decodeLatents, prepareDecoder } from "./decode_latents.ts";
import { denoise, type Start } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { encodeImages } from "./encode_images.ts";
import { guidedDenoiser } from "./guided_denoiser.ts";
import { toPictures } from "./image_output.ts";
import { inpaintByPalette } from "./inpainting_by_palette.ts";
import { inpaintByRepaint } from "./inpainting_by_repaint.ts";
import { type InpaintingFamily, inpaintingFamily, type MaskChannels } from "./inpainting_family.ts";
import type { Inpainting, InpaintingOptions, InpaintingResult } from "./inpainting_options.ts";
import { type InpaintingRequest, readInpainting } from "./inpainting_request.ts";
import { type Model, type ModelOptions, openModel } from "./model.ts";
import { type NoiseStream, noiseStream } from "./noise_stream.ts";
import { predictionOf } from "./prediction.ts";
import { SettingsError } from "./settings.ts";
import { stepEvent } from "./step_event.ts";
import { encodeContext } from "./text_context.ts";
import { tiledAutoencoder } from "./tiled_autoencoder.ts";
import { PALETTE_PIPELINE } from "./palette.ts";
import { UNCONDITIONAL_PIPELINES } from "./unconditional_family.ts";

/** Everything a call needs that does not depend on it. */
export interface InpaintingParts {
  readonly model: Model;
  /** Null where the model is told of no mask in latents: one that draws from noise alone has RePaint, Palette its own way. */
  readonly family: InpaintingFamily | null;
  /** Null where the model reads no text. */
  readonly tokenizer: Tokenizer | null;
  readonly arithmetic: Arithmetic;
}

/** Opens a model for inpainting. */
export async function inpainting(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<Inpainting> {
  const model = await openModel(source, options);
  try {
    const parts = await inpaintingParts(model);
    return Object.assign((asked: InpaintingOptions) => inpaint(parts, asked), {
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
export async function inpaintingParts(model: Model): Promise<InpaintingParts> {
  const { className } = model;
  const isOther = UNCONDITIONAL_PIPELINES.has(className) || className === PALETTE_PIPELINE;
  const family = isOther ? null : await inpaintingFamily(model);
  const tokenizer = family === null || family.text === null ? null : await model.tokenizer();
  return { model, family, tokenizer, arithmetic: new Arithmetic(model.backend) };
}

/**
 * Does a call. Noise is drawn as in diffusers: for the posterior of the pictures, where their latents are needed; the first
 * latents; for the posterior of the pictures with holes, whether the network is told of them or not; in the steps.
 *
 * @param noise Draws it, instead of the seed.
 */
export async function inpaint(
  parts: InpaintingParts,
  options: InpaintingOptions,
  noise?: NoiseStream,
): Promise<InpaintingResult> {
  const { family, model, arithmetic, tokenizer } = parts;
  const { method } = options;
  if (method !== undefined && method !== "repaint") {
    throw new SettingsError(`Cannot inpaint by ${JSON.stringify(method)}: there is repaint`);
  }
  if (model.className === PALETTE_PIPELINE) return await inpaintByPalette(parts, options);
  if (family === null || method === "repaint") {
    return await inpaintByRepaint(parts, options);
  }
  const request = readInpainting(options, family);
  const { texts, sampling, images, masked, mask, latentShape } = request;
  const { plan, seeds } = sampling;
  const batch = latentShape[0]!;
  options.signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  for (const warning of request.warnings) options.onWarning?.(warning);
  options.onPlan?.(plan);

  const draw = noise ?? noiseStream(seeds);
  const fromPicture = sampling.strength! < 1;
  const draws = drawFirst(request, { family, draw, imageToo: fromPicture || masked === null });
  const drawStep = sampling.stepSeed === undefined ? draw : noiseStream(sampling.stepSeed);

  using stack = new DisposableStack();
  const context = texts === null || tokenizer === null || family.text === null
    ? undefined
    : stack.use(
      await encodeContext(texts, {
        model,
        family: family.text,
        tokenizer,
        arithmetic,
        onWarning: options.onWarning,
      }),
    );
  const autoencoder = stack.use(
    await tiledAutoencoder(parts, {
      name: family.autoencoder,
      tiles: request.tiles,
      latentShape,
      pictures: Math.max(images.shape[0]!, masked?.shape[0] ?? 0),
      onWarning: options.onWarning,
    }),
  );
  const encoding = { component: autoencoder.encoder, arithmetic, family, batch };
  const image = fromPicture || masked === null
    ? stack.use(await encodeImages(images, { ...encoding, noise: draws.image }))
    : undefined;
  const channels = masked === null ? undefined : stack.use(
    await maskChannels(mask, {
      told: family.told!,
      latents: await encodeImages(masked, { ...encoding, noise: draws.masked }),
      arithmetic,
    }),
  );
  const denoiser = stack.use(
    await guidedDenoiser(await model.component("unet"), {
      arithmetic,
      shape: latentShape,
      context,
      channels,
      guidance: texts?.guided === true ? texts.guidanceScale : null,
      rescale: texts?.guidanceRescale ?? 0,
      guides: request.guides,
    }),
  );
  const decoding = { component: autoencoder.decoder, arithmetic, family };
  await prepareDecoder(f32(...latentShape), decoding);
  const { onStep } = options;
  const prediction = predictionOf(sampling.scheduler);
  const start: Start = fromPicture ? { image: image!, noise: draws.start } : { noise: draws.start };
  const kept = { ...mask, data: mask.data.map((value) => 1 - value) };
  using last = await denoise(plan, {
    backend: model.backend,
    start,
    known: masked === null ? { image: image!, mask: kept, startNoise: draws.start } : undefined,
    evaluate: denoiser.evaluate,
    draw: () => drawStep(latentShape).data,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal: options.signal,
    listener: onStep &&
      ((event) =>
        onStep(
          stepEvent(event, { plan, context, channels, prediction, decoding, arithmetic }),
        )),
  });
  const { latents, tensor } = await decodeLatents(last, decoding);
  const made = describedImages(request.compose(toPictures(tensor)), {
    model,
    sampling,
    texts: texts ?? undefined,
    guidanceInterval: request.guides && options.guidanceInterval,
    tiles: request.tiles,
    more: maskSettings(options),
  });
  return { images: made, latents, tensor, mask, seed: sampling.seed, cost: autoencoder.cost };
}

/** What is written into pictures of how the mask was used. */
function maskSettings(
  { crop, softMask, invertMask, maskReduction, composite }: InpaintingOptions,
): Readonly<Record<string, string | number>> {
  return {
    ...(crop === undefined ? {} : { "Masked area padding": crop }),
    ...(softMask ? { "soft mask": "yes" } : {}),
    ...(invertMask ? { "inverted mask": "yes" } : {}),
    ...(maskReduction === undefined ? {} : { "mask reduction": maskReduction }),
    ...(composite === undefined ? {} : { composite: composite ? "yes" : "no" }),
  };
}

/** All that is drawn before the steps. */
interface FirstDraws {
  readonly image: HostTensorOf<"f32"> | undefined;
  readonly start: HostTensorOf<"f32">;
  readonly masked: HostTensorOf<"f32"> | undefined;
}

function drawFirst(
  { images, rows, latentShape, latents, sampling: { seeds } }: InpaintingRequest,
  { family, draw, imageToo }: {
    readonly family: InpaintingFamily;
    readonly draw: NoiseStream;
    readonly imageToo: boolean;
  },
): FirstDraws {
  const batch = latentShape[0]!;
  const posterior = (count: number) =>
    family.drawsPosterior
      ? draw([typeof seeds === "number" ? count : batch, ...latentShape.slice(1)])
      : undefined;
  const image = imageToo ? posterior(images.shape[0]!) : undefined;
  const start = latents ?? draw(latentShape);
  return { image, start, masked: posterior(rows) };
}

/** What the network sees behind the sample. The latents are given up; the value is the caller's. */
async function maskChannels(
  mask: HostTensorOf<"f32">,
  { told, latents: given, arithmetic }: {
    readonly told: MaskChannels;
    readonly latents: Value;
    readonly arithmetic: Arithmetic;
  },
): Promise<Value> {
  using latents = given;
  const join = await arithmetic.program(
    `mask channels ${told.first} ${latents.spec.shape.join()}`,
    () =>
      trace(({ mask, latents }) => ({
        channels: concat(told.first === "mask" ? [mask, latents] : [latents, mask], { axis: 1 }),
      }), { mask, latents: latents.spec }),
  );
  const values = { ...mask, data: mask.data.map((value) => value === 0 ? told.kept : value) };
  return join.run({ mask: values, latents }).channels!;
}
