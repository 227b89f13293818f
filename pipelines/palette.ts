/**
 * Palette (Saharia et al. 2022a): pictures from pictures by diffusion on pixels. The given picture stands beside the sample
 * among the network's channels; in inpainting and uncropping it has noise where something is to be made.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { isObject, type JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { readJson } from "../formats/read_json.ts";
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import type { Plan } from "../schedulers/plan.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { conditionedDenoiser } from "./conditioned_denoiser.ts";
import { denoise } from "./denoise.ts";
import { describedImages } from "./described_images.ts";
import { readLatents } from "./given_latents.ts";
import { toPictures } from "./image_output.ts";
import { readImages, readKeepMask } from "./kept_region.ts";
import type { Model } from "./model.ts";
import { readUNet2DConfig } from "./networks/unet_2d.ts";
import type { PaletteOptions, PaletteResult } from "./palette_options.ts";
import { predictionOf } from "./prediction.ts";
import { pixelSpace, readSamples, repeatPictures } from "./sample_space.ts";
import { sampleStep } from "./sample_step.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { checkInteger, noiseSource, SettingsError } from "./settings.ts";
import { stepNoise } from "./step_noise.ts";
import { timeInput } from "./time_input.ts";

/** What the pipeline has to know of a model. */
interface PaletteFamily {
  /** Channels of the pictures that it makes. */
  readonly channels: number;
  readonly multiple: number;
  readonly scheduler: JsonObject;
  readonly steps: number;
}

/** A call, checked and with every default filled in. */
interface Request {
  /** The given pictures `[n, c, height, width]` in -1..1. */
  readonly pictures: HostTensorOf<"f32">;
  /** `[n, 1, height, width]`: 1 is kept, 0 is made. */
  readonly keep: HostTensorOf<"f32"> | undefined;
  readonly sampling: SamplingSettings;
  readonly holeNoise: HostTensorOf<"f32"> | undefined;
  readonly latents: HostTensorOf<"f32"> | undefined;
}

/** The class of Palette's models. */
export const PALETTE_PIPELINE = "PalettePipeline";

/**
 * Reads what a model's folder says.
 *
 * @throws {SettingsError} If the model is of another class.
 * @throws {ModelError} If its configuration cannot be used.
 */
async function paletteFamily({ className, description, folder }: Model): Promise<PaletteFamily> {
  if (className !== PALETTE_PIPELINE) {
    throw new SettingsError(
      `Cannot use ${description} as Palette: it is of the class ${className}, not ${PALETTE_PIPELINE}`,
    );
  }
  const unet = readUNet2DConfig(folder.component("unet").readConfig());
  const { inChannels, outChannels: channels, levels } = unet;
  if (inChannels !== 2 * channels) {
    throw new ModelError(
      `Cannot use ${description} as Palette: its U-Net takes ${inChannels} channels and gives ${channels}; ` +
        "a picture beside the sample doubles them",
    );
  }
  const scheduler = await readJson(folder.component("scheduler").files, "scheduler_config.json");
  if (!isObject(scheduler) || typeof scheduler.num_train_timesteps !== "number") {
    throw new ModelError(
      `Cannot use the scheduler of ${description}: it does not say its num_train_timesteps`,
    );
  }
  return {
    channels,
    multiple: 2 ** (levels.length - 1),
    scheduler,
    steps: scheduler.num_train_timesteps,
  };
}

/** Checks a call before anything is computed. */
function prepare(family: PaletteFamily, options: PaletteOptions): Request {
  const count = checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const { pictures, sides } = readImages(options.image, { ...options, ...family });
  const given = pictures.shape[0]!;
  const batch = given * count;
  const repeated = repeatPictures(pictures, batch);
  const { shape } = repeated;
  const { keepMask } = options;
  if (keepMask === undefined && options.holeNoise !== undefined) {
    throw new SettingsError("Cannot use holeNoise without keepMask: the picture has no hole");
  }
  return {
    pictures: repeated,
    keep: keepMask === undefined
      ? undefined
      : repeatPictures(readKeepMask(keepMask, { sides, count: given }), batch),
    sampling: readSamplingSettings(options, {
      batch,
      scheduler: family.scheduler,
      defaults: { steps: family.steps },
    }),
    holeNoise: readLatents(options.holeNoise, shape),
    latents: readLatents(options.latents, shape),
  };
}

/**
 * Makes pictures from pictures: fills holes, adds margins, colours, as the model was trained to.
 *
 * @param model An open model; it stays the caller's.
 * @throws {SettingsError} If a setting cannot be used, or the model is none of Palette's; nothing is computed then.
 * @throws {SchedulerError} If the scheduler or its steps cannot be used.
 * @throws {NonFiniteError} If the network overflowed.
 * @throws The signal's reason, if it is aborted.
 */
export async function palette(model: Model, options: PaletteOptions): Promise<PaletteResult> {
  using arithmetic = new Arithmetic(model.backend);
  return await paletteWith({ model, arithmetic }, options);
}

/**
 * The same with programs that are kept from call to call.
 *
 * @param compose Puts the pictures into others, before they are described.
 */
export async function paletteWith(
  { model, arithmetic }: { readonly model: Model; readonly arithmetic: Arithmetic },
  options: PaletteOptions,
  compose: (made: readonly Picture[]) => readonly Picture[] = (made) => made,
): Promise<PaletteResult> {
  const family = await paletteFamily(model);
  const { pictures, keep, sampling, holeNoise, latents: given } = prepare(
    family,
    options,
  );
  const { shape } = pictures;
  const { seeds, scheduler } = sampling;
  const plan = keep === undefined ? sampling.plan : keepingPlan(sampling.plan);
  const { signal, onStep } = options;
  signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  options.onPlan?.(plan);

  const draw = noiseSource(seeds, shape);
  const drawn = (): HostTensorOf<"f32"> => ({ dtype: "f32", shape, data: draw() });
  const noise = keep === undefined ? given ?? drawn() : holeNoise ?? drawn();
  const seen = keep === undefined ? pictures : withNoise(pictures, { keep, noise });
  const first = given !== undefined || keep === undefined
    ? scaledBy(plan.initialScale, given ?? noise)
    : firstSample(plan, { pictures, keep, noise });
  using beside = model.backend.upload(seen);
  using denoiser = await conditionedDenoiser(await model.component("unet"), {
    arithmetic,
    shape,
    before: beside,
    time: timeInput(model.folder.settings, plan),
  });
  const inSpace = { model, arithmetic, space: pixelSpace(family.channels) };
  const prediction = predictionOf(scheduler);
  using last = await denoise(plan, {
    backend: model.backend,
    start: { sample: first },
    known: keep && { image: pictures, mask: keep },
    evaluate: denoiser.evaluate,
    draw: stepNoise({ ...options, stepSeed: sampling.stepSeed }, { draw, shape }),
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal,
    listener: onStep && ((event) => onStep(sampleStep(event, { ...inSpace, plan, prediction }))),
  });
  const { latents, tensor } = await readSamples(last, inSpace);
  const images = describedImages(compose(toPictures(tensor)), { model, sampling });
  return { images, latents, tensor, seed: sampling.seed };
}

/** After every step the network sees the given picture where it is kept, without noise: so it was trained. */
function keepingPlan({ rows, ...plan }: Plan): Plan {
  return {
    ...plan,
    rows: rows.map((row, at) => ({
      ...row,
      known: { signal: unscaled(rows.slice(at + 1)), noise: 0, draw: "start", when: "after" },
    })),
  };
}

/** What the network sees in its next evaluation as 1; behind the last one nothing is scaled. */
function unscaled(rows: Plan["rows"]): number {
  const next = rows.find(({ evaluate }) => evaluate !== undefined);
  return 1 / (next?.evaluate?.inputScale ?? 1);
}

/** Brings noise to the level of the first sample, and what is kept to where the network sees it as it is. */
function firstSample(
  { initialScale, rows }: Plan,
  { pictures, keep, noise }: {
    readonly pictures: HostTensorOf<"f32">;
    readonly keep: HostTensorOf<"f32">;
    readonly noise: HostTensorOf<"f32">;
  },
): HostTensorOf<"f32"> {
  return withNoise(scaledBy(unscaled(rows), pictures), {
    keep,
    noise: scaledBy(initialScale, noise),
  });
}

function scaledBy(by: number, tensor: HostTensorOf<"f32">): HostTensorOf<"f32"> {
  return by === 1 ? tensor : { ...tensor, data: tensor.data.map((x) => by * x) };
}

/** The picture where it is kept, noise elsewhere. */
function withNoise(
  { shape, data }: HostTensorOf<"f32">,
  { keep, noise }: { readonly keep: HostTensorOf<"f32">; readonly noise: HostTensorOf<"f32"> },
): HostTensorOf<"f32"> {
  const [, c, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const mixed = data.map((value, at) => {
    const kept = keep.data[Math.floor(at / (c * plane)) * plane + at % plane]!;
    return kept * value + (1 - kept) * noise.data[at]!;
  });
  return { dtype: "f32", shape, data: mixed };
}
