/**
 * Pictures from noise, or from noise and a class: latent diffusion (Rombach et al. 2022, section 4.2 and table 3) and diffusion
 * on pixels (Ho et al. 2020, Dhariwal & Nichol 2021).
 *
 * @module
 */
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { type ClassSettings, readClassSettings } from "./class_conditioning.ts";
import { denoise } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { familyDenoiser, type FamilyParts } from "./family_denoiser.ts";
import { GeneratedImage } from "./generated_image.ts";
import { readLatents } from "./given_latents.ts";
import { toPictures } from "./image_output.ts";
import { type ModelOptions, openModel } from "./model.ts";
import { predictionOf } from "./prediction.ts";
import { prepareSamples, readSamples } from "./sample_space.ts";
import { sampleStep } from "./sample_step.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { checkArea, checkInteger, checkSide, noiseSource, SettingsError } from "./settings.ts";
import { costOf, readSpaceTiles, spaceCoders } from "./space_coders.ts";
import { stepNoise } from "./step_noise.ts";
import type { CheckedTiles } from "./tiling/autoencoder_tiles.ts";
import { unconditionalFamily } from "./unconditional_family.ts";
import type {
  Unconditional,
  UnconditionalOptions,
  UnconditionalResult,
} from "./unconditional_options.ts";

/** A call, checked and with every default filled in. */
interface Request {
  readonly sampling: SamplingSettings;
  readonly classes: ClassSettings | null;
  readonly shape: readonly number[];
  readonly latents: HostTensorOf<"f32"> | undefined;
  readonly tiles: CheckedTiles | null;
}

/**
 * Opens a model that draws from noise.
 *
 * @throws {SettingsError} If the model draws from something else.
 * @throws {ModelError} If it is not complete or not understood.
 */
export async function unconditional(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<Unconditional> {
  const model = await openModel(source, options);
  try {
    const family = await unconditionalFamily(model);
    const arithmetic = new Arithmetic(model.backend);
    const parts: FamilyParts = { model, family, arithmetic };
    return Object.assign((asked: UnconditionalOptions = {}) => drawFromNoise(parts, asked), {
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
function prepare({ family }: FamilyParts, options: UnconditionalOptions): Request {
  const { space, defaults } = family;
  const count = checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const classes = readClassSettings(options, {
    conditioning: family.classes,
    count,
    guidanceScale: defaults.guidanceScale,
  });
  const batch = classes?.labels.length ?? count;
  const [height, width] = (["height", "width"] as const).map((side, at) => {
    const pixels = options[side] ?? defaults.size?.[at];
    if (pixels !== undefined) return checkSide(side, pixels, family.multiple);
    throw new SettingsError(`Cannot draw without a ${side}: the model does not say its own`);
  }) as [number, number];
  checkArea({ width, height });
  const shape = [batch, space.channels, height / space.factor, width / space.factor];
  return {
    sampling: readSampling(options, { ...family, batch }),
    classes,
    shape,
    latents: readLatents(options.latents, shape),
    tiles: readSpaceTiles(options, space),
  };
}

function readSampling(
  options: UnconditionalOptions,
  model: Parameters<typeof readSamplingSettings>[1],
): SamplingSettings {
  const sampling = readSamplingSettings(options, model);
  const { useClippedModelOutput = false, timesteps, sigmas } = options;
  if (!useClippedModelOutput) return sampling;
  const { scheduler, steps, eta } = sampling;
  if (!scheduler.accepts.has("useClippedModelOutput")) {
    throw new SettingsError(
      `Cannot use useClippedModelOutput with ${scheduler.name}: it is for DDIM`,
    );
  }
  const listed = timesteps ?? sigmas;
  const plan = scheduler.plan(listed === undefined ? steps : null, { eta, useClippedModelOutput });
  return { ...sampling, plan };
}

/** Draws with a model that is open: what {@linkcode unconditional} does in a call. */
export async function drawFromNoise(
  parts: FamilyParts,
  options: UnconditionalOptions = {},
): Promise<UnconditionalResult> {
  const { sampling, classes, shape, latents: given, tiles } = prepare(parts, options);
  const { model, family, arithmetic } = parts;
  const { plan, seeds, scheduler } = sampling;
  const { signal, onStep } = options;
  signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  options.onPlan?.(plan);

  using denoiser = await familyDenoiser(parts, { shape, classes, plan });
  const draw = noiseSource(seeds, shape);
  const noise: HostTensorOf<"f32"> = given ?? { dtype: "f32", shape, data: draw() };
  const { space } = family;
  const { onWarning } = options;
  using coders = await spaceCoders({ ...parts, space }, { tiles, shape, onWarning });
  const inSpace = { ...parts, space, decoder: coders?.decoder };
  await prepareSamples(shape, inSpace);
  const prediction = predictionOf(scheduler);
  using last = await denoise(plan, {
    backend: model.backend,
    start: { noise },
    evaluate: denoiser.evaluate,
    draw: stepNoise({ ...options, stepSeed: sampling.stepSeed }, { draw, shape }),
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal,
    listener: onStep && ((event) => onStep(sampleStep(event, { ...inSpace, plan, prediction }))),
  });
  const { latents, tensor } = await readSamples(last, inSpace);
  const images = describedImages(toPictures(tensor), { model, sampling, tiles }).map((image, at) =>
    classes === null ? image : new GeneratedImage(image, {
      ...image.settings,
      class: classes.labels[at]!,
      ...(classes.guidance === null ? {} : { guidance: classes.guidance.scale }),
    })
  );
  return { images, latents, tensor, seed: sampling.seed, ...costOf(coders) };
}
