/**
 * Text to image: prompts to pictures (Rombach et al. 2022, section 4.3).
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { concat } from "../graph/ops/mod.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import {
  describe,
  f32,
  type HostTensor,
  type HostTensorOf,
  sameShape,
} from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import type { Plan } from "../schedulers/plan.ts";
import { type Scheduler, scheduler as makeScheduler } from "../schedulers/scheduler.ts";
import { Arithmetic } from "./arithmetic.ts";
import { decodeLatents } from "./decode_latents.ts";
import { denoise, type DenoiseEvent } from "./denoise.ts";
import { GeneratedImage } from "./generated_image.ts";
import { guidedDenoiser } from "./guided_denoiser.ts";
import { checkFinite, toPictures } from "./image_output.ts";
import { type Model, type ModelOptions, openModel } from "./model.ts";
import { cleanWeights, type Prediction } from "./prediction.ts";
import {
  checkInteger,
  checkNumber,
  checkSide,
  chooseSeed,
  noiseSource,
  SettingsError,
} from "./settings.ts";
import { encodePrompts } from "./text_encoding.ts";
import { type TextToImageFamily, textToImageFamily } from "./text_to_image_family.ts";
import type {
  StepEvent,
  TextToImage,
  TextToImageOptions,
  TextToImageResult,
} from "./text_to_image_options.ts";

/** Everything a call needs that does not depend on it. */
interface Parts {
  readonly model: Model;
  readonly family: TextToImageFamily;
  readonly tokenizer: Tokenizer;
  readonly arithmetic: Arithmetic;
}

/** A call, checked and with every default filled in. */
interface Request {
  readonly prompts: readonly string[];
  readonly negatives: readonly string[];
  readonly batch: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly height: number;
  readonly width: number;
  readonly seed: number;
  readonly seeds: number | readonly number[];
  readonly scheduler: Scheduler;
  readonly plan: Plan;
  readonly eta: number;
  readonly guidanceRescale: number;
  /** Which rows of the plan are guided; undefined for all. */
  readonly guides: ((index: number) => boolean) | undefined;
  readonly clipSkip: number;
  readonly latentShape: readonly number[];
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
  const each = typeof options.prompt === "string" ? [options.prompt] : options.prompt;
  if (!Array.isArray(each) || each.length === 0 || each.some((text) => typeof text !== "string")) {
    throw new SettingsError("Cannot draw without a prompt: give a string or a list of strings");
  }
  const count = checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const prompts = each.flatMap((text) => Array<string>(count).fill(text));
  const batch = prompts.length;
  const negative = options.negativePrompt ?? "";
  if (typeof negative !== "string" && negative.length !== each.length) {
    throw new SettingsError(
      `Cannot use ${negative.length} negative prompts with ${each.length} prompts: give one, or one each`,
    );
  }
  const negatives = each.flatMap((_, at) =>
    Array<string>(count).fill(typeof negative === "string" ? negative : negative[at]!)
  );
  const side = Math.max(8, family.factor);
  const height = checkSide("height", options.height ?? defaults.size, side);
  const width = checkSide("width", options.width ?? defaults.size, side);
  const seeds = typeof options.seed === "object"
    ? options.seed.map((seed) => chooseSeed(seed))
    : chooseSeed(options.seed);
  if (typeof seeds === "object" && seeds.length !== batch) {
    throw new SettingsError(
      `Cannot use ${seeds.length} seeds for ${batch} pictures: give one, or one each`,
    );
  }
  const eta = checkNumber("eta", options.eta ?? 0);
  if (eta < 0 || eta > 1) throw new SettingsError(`Cannot use eta ${eta}: it must be from 0 to 1`);
  const guidanceRescale = checkNumber("guidanceRescale", options.guidanceRescale ?? 0);
  if (guidanceRescale < 0 || guidanceRescale > 1) {
    throw new SettingsError(
      `Cannot use guidanceRescale ${guidanceRescale}: it must be from 0 to 1`,
    );
  }
  const clipSkip = checkInteger("clipSkip", options.clipSkip ?? 0, {
    min: 0,
    max: family.textLayers,
  });
  const scheduler = options.scheduler === undefined
    ? makeScheduler(family.scheduler)
    : makeScheduler(options.scheduler, { base: family.scheduler });
  const { timesteps, sigmas } = options;
  const listed = timesteps ?? sigmas;
  if (listed !== undefined && options.steps !== undefined) {
    throw new SettingsError(
      "Cannot use steps together with timesteps or sigmas: these say how many there are",
    );
  }
  const steps = listed?.length ?? options.steps ?? defaults.steps;
  // As in diffusers, eta is for the schedulers that take it.
  const plan = scheduler.plan(listed === undefined ? steps : null, {
    ...(scheduler.accepts.has("eta") ? { eta } : {}),
    ...(timesteps === undefined ? {} : { timesteps }),
    ...(sigmas === undefined ? {} : { sigmas }),
  });
  const latentShape = [batch, family.latentChannels, height / family.factor, width / family.factor];
  const { latents } = options;
  if (latents !== undefined) {
    if (latents.dtype !== "f32" || !sameShape(latents.shape, latentShape)) {
      throw new SettingsError(
        `Cannot use latents ${describe(latents)}: they must be ${describe(f32(...latentShape))}`,
      );
    }
    checkFinite("latents", latents);
  }
  return {
    prompts,
    negatives,
    batch,
    steps,
    guidanceScale: checkNumber("guidanceScale", options.guidanceScale ?? defaults.guidanceScale),
    height,
    width,
    seed: typeof seeds === "number" ? seeds : seeds[0]!,
    seeds,
    scheduler,
    plan,
    eta,
    guidanceRescale,
    guides: options.guidanceInterval && rowsWithin(options.guidanceInterval, plan.rows.length),
    clipSkip,
    latentShape,
  };
}

/** Tells which rows lie in an interval of shares of the plan. */
function rowsWithin(
  interval: readonly [from: number, to: number],
  rows: number,
): ((index: number) => boolean) | undefined {
  const [from, to] = interval;
  if (interval.length !== 2 || !(from >= 0 && from <= to && to <= 1)) {
    throw new SettingsError(
      `Cannot guide in the interval ${
        interval.join(" to ")
      }: it must be two shares of the steps, 0 to 1, the first not above the second`,
    );
  }
  const [first, end] = [Math.floor(from * rows), Math.floor(to * rows)];
  return first === 0 && end === rows ? undefined : (index) => index >= first && index < end;
}

async function generate(parts: Parts, options: TextToImageOptions): Promise<TextToImageResult> {
  const request = prepare(parts, options);
  const { model, family, arithmetic } = parts;
  const { plan, batch, guidanceScale, latentShape } = request;
  options.signal?.throwIfAborted();
  options.onPlan?.(plan);

  const guided = family.guided(guidanceScale);
  using context = await encode(parts, { request, guided, onWarning: options.onWarning });
  using denoiser = await guidedDenoiser(await model.component("unet"), {
    arithmetic,
    shape: latentShape,
    context,
    guidance: guided ? guidanceScale : null,
    rescale: request.guidanceRescale,
    guides: request.guides,
  });

  const draw = noiseSource(request.seeds, latentShape);
  const noise: HostTensorOf<"f32"> = options.latents === undefined
    ? { dtype: "f32", shape: latentShape, data: draw() }
    : options.latents as HostTensorOf<"f32">;
  const drawStep = options.stepSeed === undefined
    ? draw
    : noiseSource(chooseSeed(options.stepSeed), latentShape);

  const decoding = { component: await model.component(family.autoencoder), arithmetic, family };
  const { onStep } = options;
  const prediction = request.scheduler.config.prediction_type as Prediction | undefined ??
    "epsilon";
  using last = await denoise(plan, {
    backend: model.backend,
    start: { noise },
    evaluate: denoiser.evaluate,
    draw: drawStep,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal: options.signal,
    listener: onStep &&
      ((event) => onStep(stepEvent(event, { plan, context, prediction, decoding, arithmetic }))),
  });
  const { latents, tensor } = await decodeLatents(last, decoding);
  const images = toPictures(tensor).map((picture, at) =>
    new GeneratedImage(picture, {
      prompt: request.prompts[at]!,
      negativePrompt: request.negatives[at]!,
      steps: request.steps,
      sampler: request.scheduler.name,
      guidance: guidanceScale,
      seed: typeof request.seeds === "number" ? request.seeds : request.seeds[at]!,
      width: request.width,
      height: request.height,
      model: model.description.replace(/\/+$/, "").split("/").at(-1)!,
      ...(request.eta === 0 ? {} : { eta: request.eta }),
      ...(request.clipSkip === 0 ? {} : { "Clip skip": request.clipSkip + 1 }),
      ...(request.guidanceRescale === 0 ? {} : { "guidance rescale": request.guidanceRescale }),
      ...(request.guides === undefined
        ? {}
        : { "guidance interval": options.guidanceInterval!.join(" to ") }),
      ...(typeof request.seeds === "number" && batch > 1 ? { "batch index": at } : {}),
    })
  );
  return { images, latents, tensor, seed: request.seed };
}

/** What the denoiser attends to: under guidance the negative prompts' rows first, as in the reference. */
async function encode(
  parts: Parts,
  options: {
    readonly request: Request;
    readonly guided: boolean;
    readonly onWarning: TextToImageOptions["onWarning"];
  },
): Promise<Value> {
  const { request: { prompts, negatives, clipSkip }, guided, onWarning } = options;
  const component = await parts.model.component(parts.family.textEncoder);
  const settings = { ...parts, component, onWarning };
  if (!guided) return await encodePrompts(prompts, { ...settings, skip: clipSkip });
  if (clipSkip === 0) return await encodePrompts([...negatives, ...prompts], settings);
  // Layers are skipped for the prompt only.
  using negative = await encodePrompts(negatives, settings);
  using positive = await encodePrompts(prompts, { ...settings, skip: clipSkip });
  const join = await parts.arithmetic.program(
    `join texts ${positive.spec.shape.join()}`,
    () =>
      trace(({ negative, positive }) => concat([negative, positive], { axis: 0 }), {
        negative: negative.spec,
        positive: positive.spec,
      }),
  );
  return join.run({ negative, positive }).output!;
}

/** A row's report, in the caller's terms. */
function stepEvent(
  event: DenoiseEvent,
  options: {
    readonly plan: Plan;
    readonly context: Value;
    readonly prediction: Prediction;
    readonly decoding: Parameters<typeof decodeLatents>[1];
    readonly arithmetic: Arithmetic;
  },
): StepEvent {
  const { index, row, before, output, sample } = event;
  const read = async (value: Value) => await value.read() as HostTensor as HostTensorOf<"f32">;
  return {
    step: index + 1,
    steps: options.plan.rows.length,
    timestep: row.evaluate?.timestep,
    latents: () => read(sample),
    async input() {
      if (row.evaluate === undefined) return undefined;
      const { inputScale } = row.evaluate;
      const { shape, data } = await read(before);
      return { dtype: "f32", shape, data: data.map((x) => x * inputScale) };
    },
    context: () => read(options.context),
    prediction: async () => output === undefined ? undefined : await read(output),
    async preview() {
      if (output === undefined) {
        return toPictures((await decodeLatents(sample, options.decoding)).tensor);
      }
      const weights = cleanWeights(options.prediction, row.level);
      const program = await options.arithmetic.weightedSum(before.spec.shape);
      const { sum } = program.run({
        a: before,
        b: output,
        weights: {
          dtype: "f32",
          shape: [2],
          data: new Float32Array([weights.sample, weights.output]),
        },
      });
      using clean = sum!;
      return toPictures((await decodeLatents(clean, options.decoding)).tensor);
    },
  };
}
