/**
 * RePaint (Lugmayr et al. 2022): inpainting with any model that draws from noise, a class or a text, without training it for that. The
 * authors paint pixels; here it is the same with latents, where the given picture is encoded first.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { denoise } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { readLatents } from "./given_latents.ts";
import { toPictures } from "./image_output.ts";
import {
  keptPositions,
  type KeptRegion,
  pasteKept,
  readImages,
  readKeepMask,
} from "./kept_region.ts";
import type { Model } from "./model.ts";
import { predictionOf } from "./prediction.ts";
import {
  readRepaintCondition,
  type RepaintCondition,
  repaintDenoiser,
  type RepaintModel,
  repaintModel,
} from "./repaint_model.ts";
import type { RepaintOptions, RepaintResult } from "./repaint_options.ts";
import { readRepaintSampling, type RepaintSampling } from "./repaint_sampling.ts";
import { encodePictures, prepareSamples, readSamples, repeatPictures } from "./sample_space.ts";
import { sampleStep } from "./sample_step.ts";
import { checkInteger, noiseSource } from "./settings.ts";
import { costOf, readSpaceTiles, spaceCoders } from "./space_coders.ts";
import { stepNoise } from "./step_noise.ts";
import type { CheckedTiles } from "./tiling/autoencoder_tiles.ts";

/** What painting takes and does not depend on the call. */
export interface RepaintParts {
  readonly model: Model;
  readonly painting: RepaintModel;
  readonly arithmetic: Arithmetic;
}

/** A call, checked and with every default filled in. */
interface Request {
  readonly region: KeptRegion;
  readonly condition: RepaintCondition;
  readonly sampling: RepaintSampling;
  readonly shape: readonly number[];
  readonly latents: HostTensorOf<"f32"> | undefined;
  readonly paste: boolean;
  readonly tiles: CheckedTiles | null;
}

/**
 * Makes what is missing of pictures.
 *
 * @param model An open model; it stays the caller's.
 * @throws {SettingsError} If a setting cannot be used, or the model draws from something else; nothing is computed then.
 * @throws {SchedulerError} If the scheduler, its steps or the jumps cannot be used.
 * @throws {NonFiniteError} If a network overflowed.
 * @throws The signal's reason, if it is aborted.
 *
 * @example
 * ```ts
 * import { openModel, repaint } from "@denoise/denoise";
 *
 * await using model = await openModel("shapes", { backend: "reference" });
 * const picture = { width: 16, height: 16, channels: 3, data: new Uint8Array(768) } as const;
 * const keepMask = { width: 16, height: 16, channels: 1, data: new Uint8Array(256) } as const;
 * keepMask.data.fill(255, 128); // the lower half is kept
 * const { images } = await repaint(model, {
 *   image: picture,
 *   keepMask,
 *   prompt: "a red circle",
 *   steps: 2,
 *   jumpLength: 1,
 *   jumpNSample: 1,
 * });
 * images[0]!.height; // 16
 * ```
 */
export async function repaint(model: Model, options: RepaintOptions): Promise<RepaintResult> {
  using arithmetic = new Arithmetic(model.backend);
  return await repaintWith({ model, painting: await repaintModel(model), arithmetic }, options);
}

/** Checks a call before anything is computed. */
function prepare({ painting }: RepaintParts, options: RepaintOptions): Request {
  const { space, scheduler, learnedVariance } = painting;
  const count = checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const { pictures, sides } = readImages(options.image, {
    ...options,
    channels: space.pictureChannels,
    multiple: painting.multiple,
  });
  const given = pictures.shape[0]!;
  const keep = readKeepMask(options.keepMask, { sides, count: given });
  const condition = readRepaintCondition(options, { painting, pictures: given, count });
  const batch = given * count;
  const { width, height } = sides;
  const shape = [batch, space.channels, height / space.factor, width / space.factor];
  const latent = space.autoencoder !== null;
  const sampling = readRepaintSampling(options, { batch, scheduler, latent, learnedVariance });
  return {
    region: { pictures, keep, sides },
    condition,
    sampling,
    shape,
    latents: readLatents(options.latents, shape),
    tiles: readSpaceTiles(options, space),
    paste: options.paste ?? (latent || !sampling.exact),
  };
}

/**
 * Paints with a model of which everything is read: what {@linkcode repaint} does.
 *
 * @param compose Puts the pictures into others, before they are described.
 */
export async function repaintWith(
  parts: RepaintParts,
  options: RepaintOptions,
  compose: (made: readonly Picture[]) => readonly Picture[] = (made) => made,
): Promise<RepaintResult> {
  const request = prepare(parts, options);
  const { region, condition, sampling, shape, latents: given, paste } = request;
  const { model, arithmetic, painting: { space } } = parts;
  const { plan, seeds } = sampling;
  const { signal, onStep, onWarning } = options;
  signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  options.onPlan?.(plan);

  const batch = shape[0]!;
  using denoiser = await repaintDenoiser(parts, { condition, shape, plan, onWarning });
  using coders = await spaceCoders({ model, arithmetic, space }, {
    tiles: request.tiles,
    shape,
    pictures: region.pictures.shape[0]!,
    onWarning,
  });
  const { encoder, decoder } = coders ?? {};
  const inSpace = { model, arithmetic, space, encoder, decoder };
  using image = await encodePictures(region.pictures, { ...inSpace, batch });
  const draw = noiseSource(seeds, shape);
  const noise: HostTensorOf<"f32"> = given ?? { dtype: "f32", shape, data: draw() };
  const drawStep = stepNoise({ ...options, stepSeed: sampling.stepSeed }, { draw, shape });
  await prepareSamples(shape, inSpace);
  const prediction = predictionOf(sampling.scheduler);
  using last = await denoise(plan, {
    backend: model.backend,
    start: { noise },
    known: {
      image,
      mask: repeatPictures(keptPositions(region.keep, space.factor), batch),
      draw: drawStep,
    },
    evaluate: denoiser.evaluate,
    draw: drawStep,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal,
    listener: onStep && ((event) => onStep(sampleStep(event, { ...inSpace, plan, prediction }))),
  });
  const { latents, tensor: made } = await readSamples(last, inSpace);
  const tensor = paste ? pasteKept(made, region) : made;
  const images = describedImages(compose(toPictures(tensor)), {
    model,
    sampling,
    ...(condition.kind === "text" ? { texts: condition.texts } : {}),
    tiles: request.tiles,
    more: { "jump length": sampling.jumpLength, "jump samples": sampling.jumpNSample },
  });
  return { images, latents, tensor, seed: sampling.seed, ...costOf(coders) };
}
