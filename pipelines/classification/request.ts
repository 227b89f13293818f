/**
 * What a classifier is asked for, checked.
 *
 * @module
 */
import { describe, type HostTensorOf, sizeOf } from "../../graph/tensor_spec.ts";
import { type Scheduler, scheduler as makeScheduler } from "../../schedulers/scheduler.ts";
import type { ClassificationOptions } from "../classification_options.ts";
import { checkFinite } from "../image_output.ts";
import { checkInteger, checkNumber, chooseSeed, SettingsError } from "../settings.ts";
import type { TextToImageFamily } from "../text_to_image_family.ts";
import { classifierInput } from "./picture_input.ts";
import { type ClassifierPrediction, type Loss, LOSSES } from "./prediction_error.ts";
import { CLASSIFICATION_PRESETS, type ClassificationPreset } from "./presets.ts";
import { type Elimination, eliminationStages, type Stage } from "./stages.ts";

/** The prompt of a label, if none is given: that of the paper for ImageNet. */
const TEMPLATE = "a photo of a {}.";

/** A call, checked and with every default filled in. */
export interface ClassificationRequest {
  readonly labels: readonly string[];
  /** Prompts and the labels that they stand for, by position. */
  readonly prompts: readonly { readonly text: string; readonly label: number }[];
  readonly elimination: Elimination;
  readonly stages: readonly Stage[];
  readonly loss: Loss;
  readonly prediction: ClassifierPrediction;
  /** Share of the picture's variance at each timestep. */
  readonly alphas: Float32Array;
  /** `[1, 3, height, width]` in -1..1 */
  readonly image: HostTensorOf<"f32">;
  /** `[1, c, height / f, width / f]` */
  readonly latentShape: readonly number[];
  readonly seed: number;
  readonly noise: HostTensorOf<"f32"> | undefined;
  readonly temperature: number;
  readonly batchSize: number | undefined;
  readonly memory: number;
}

/**
 * Checks a call before anything is computed.
 *
 * @throws {SettingsError} If a setting cannot be used.
 * @throws {SchedulerError} If the scheduler cannot.
 */
export function readClassification(
  options: ClassificationOptions,
  family: TextToImageFamily,
): ClassificationRequest {
  const preset = readPreset(options.preset);
  const { labels } = options;
  checkLabels(labels);
  const prompts = readPrompts(options, preset);
  const schedule = readSchedule(
    options.scheduler === undefined
      ? makeScheduler(family.scheduler)
      : makeScheduler(options.scheduler, { base: family.scheduler }),
  );
  const few = prompts.length <= 5;
  const elimination: Elimination = {
    nSamples: listOf(options.nSamples) ?? preset?.nSamples ??
      defaultOf(options.toKeep, few ? [50] : [10, 50], "toKeep"),
    toKeep: listOf(options.toKeep) ?? preset?.toKeep ??
      defaultOf(options.nSamples, few ? [1] : [5, 1], "nSamples"),
    trials: options.trials ?? 1,
  };
  const stages = eliminationStages(elimination, { trainTimesteps: schedule.alphas.length });
  const loss = options.loss ?? preset?.loss ?? "l2";
  if (!LOSSES.includes(loss)) {
    throw new SettingsError(`Cannot use the loss ${loss}: there are ${LOSSES.join(", ")}`);
  }
  const temperature = checkNumber("temperature", options.temperature ?? 1);
  if (temperature <= 0) {
    throw new SettingsError(`Cannot use temperature ${temperature}: it must be above 0`);
  }
  const image = classifierInput(options.image, {
    size: options.size ?? Math.min(family.defaults.width, family.defaults.height),
    factor: family.factor,
  });
  const [, , height, width] = image.shape as [number, number, number, number];
  const latentShape = [
    1,
    family.latentChannels,
    height / family.factor,
    width / family.factor,
  ];
  const { batchSize } = options;
  const seed = options.resume === undefined ? options.seed : resumedSeed(options);
  return {
    labels,
    prompts,
    elimination,
    stages,
    loss,
    ...schedule,
    image,
    latentShape,
    seed: chooseSeed(seed),
    noise: readNoise(options.noise, {
      latentShape,
      columns: columnsOf(stages, elimination.trials),
    }),
    temperature,
    batchSize: batchSize === undefined
      ? undefined
      : checkInteger("batchSize", batchSize, { min: 1, max: 1024 }),
    memory: checkInteger("memory", options.memory ?? 2 ** 29, {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
  };
}

/** Evaluations of a prompt that is never left out. */
export function columnsOf(stages: readonly Stage[], trials: number): number {
  return trials * stages.reduce((sum, { timesteps }) => sum + timesteps.length, 0);
}

function readPreset(name: ClassificationOptions["preset"]): ClassificationPreset | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(CLASSIFICATION_PRESETS, name)) return CLASSIFICATION_PRESETS[name];
  throw new SettingsError(
    `Cannot use the preset ${JSON.stringify(name)}: there are ${
      Object.keys(CLASSIFICATION_PRESETS).join(", ")
    }`,
  );
}

function checkLabels(labels: readonly string[]): void {
  if (
    !Array.isArray(labels) || labels.length === 0 ||
    labels.some((label) => typeof label !== "string")
  ) {
    throw new SettingsError("Cannot classify without labels: give a list of strings");
  }
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined) {
    throw new SettingsError(`Cannot use the label ${JSON.stringify(twice)} twice`);
  }
}

function readPrompts(
  { labels, template, prompts }: ClassificationOptions,
  preset: ClassificationPreset | undefined,
): ClassificationRequest["prompts"] {
  if (prompts !== undefined) {
    if (template !== undefined) {
      throw new SettingsError("Cannot use a template together with prompts: give one of them");
    }
    if (!Array.isArray(prompts) || prompts.length !== labels.length) {
      throw new SettingsError(
        `Cannot use ${prompts.length} prompts for ${labels.length} labels: give one entry a label`,
      );
    }
    return prompts.flatMap((entry, label) => {
      const texts = typeof entry === "string" ? [entry] : entry;
      if (
        !Array.isArray(texts) || texts.length === 0 ||
        texts.some((text) => typeof text !== "string")
      ) {
        throw new SettingsError(
          `Cannot use the prompts of ${
            JSON.stringify(labels[label])
          }: give a string or a list of strings`,
        );
      }
      return texts.map((text: string) => ({ text, label }));
    });
  }
  const templates = listOf(template) ?? [preset?.template ?? TEMPLATE];
  const wrong = templates.find((text) => typeof text !== "string" || !text.includes("{}"));
  if (templates.length === 0 || wrong !== undefined) {
    throw new SettingsError(
      `Cannot use the template ${
        JSON.stringify(wrong ?? template)
      }: {} must stand for the label in it`,
    );
  }
  return labels.flatMap((name, label) =>
    templates.map((text) => ({ text: text.replaceAll("{}", () => name), label }))
  );
}

/** The noise schedule, and what the denoiser predicts. */
function readSchedule(
  { name, config, noiseSchedule }: Scheduler,
): Pick<ClassificationRequest, "alphas" | "prediction"> {
  if (noiseSchedule === undefined) {
    throw new SettingsError(`Cannot classify by ${name}: it has no noise schedule`);
  }
  const prediction = config.prediction_type ?? "epsilon";
  if (prediction !== "epsilon" && prediction !== "v_prediction") {
    throw new SettingsError(
      `Cannot classify with a denoiser that predicts ${prediction}: it must predict epsilon or v_prediction`,
    );
  }
  return { alphas: noiseSchedule.alphasCumprod, prediction };
}

function listOf<T extends string | number>(given: T | readonly T[] | undefined) {
  return given === undefined || Array.isArray(given)
    ? given as readonly T[] | undefined
    : [given as T];
}

/** Of two lists that belong together, one alone has no default. */
function defaultOf(
  other: number | readonly number[] | undefined,
  value: readonly number[],
  name: string,
): readonly number[] {
  if (other === undefined) return value;
  throw new SettingsError(`Cannot use ${name} alone: nSamples and toKeep belong together`);
}

function resumedSeed({ resume, seed }: ClassificationOptions): number {
  const kept = resume?.seed;
  if (typeof kept !== "number") throw new SettingsError("Cannot resume: the state is damaged");
  if (seed === undefined || seed === -1 || seed === kept) return kept;
  throw new SettingsError(`Cannot resume with seed ${seed}: the state has ${kept}`);
}

function readNoise(
  noise: ClassificationOptions["noise"],
  { latentShape, columns }: { readonly latentShape: readonly number[]; readonly columns: number },
): HostTensorOf<"f32"> | undefined {
  if (noise === undefined) return undefined;
  const [, ...each] = latentShape;
  const [count, ...sizes] = noise.shape;
  if (
    noise.dtype !== "f32" || !(count! >= columns) || sizes.join() !== each.join() ||
    noise.data.length !== sizeOf(noise.shape)
  ) {
    throw new SettingsError(
      `Cannot use noise ${describe(noise)}: it must be f32[n, ${
        each.join(", ")
      }], n at least ${columns}`,
    );
  }
  return checkFinite("the noise", noise);
}
