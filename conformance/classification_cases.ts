/**
 * Classification by a diffusion model: its rule of elimination, Winoground's scores, and errors of the predicted noise.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import { Arithmetic } from "../pipelines/arithmetic.ts";
import {
  countEvaluations,
  eliminationStages,
  survivors,
} from "../pipelines/classification/stages.ts";
import {
  scoreWinoground,
  type WinogroundScore,
  winogroundShare,
} from "../pipelines/classification/winoground.ts";
import type {
  ClassificationResult,
  ZeroShotImageClassification,
} from "../pipelines/classification_options.ts";
import { encodeImages } from "../pipelines/encode_images.ts";
import { encodePrompts } from "../pipelines/text_encoding.ts";
import { textToImageFamily } from "../pipelines/text_to_image_family.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Runs a case of the group `classifier`, whose rules run on the host. */
export function runClassifierRuleCase(golden: GoldenCase): readonly Comparison[] {
  switch (golden.settings.kind) {
    case "diffusion_classifier_stages":
      return stagesCase(golden);
    case "winoground":
      return winogroundCase(golden);
    default:
      throw new UnsupportedCaseError(`the kind ${golden.settings.kind}`);
  }
}

/** Something computed, beside what is expected of it; whole numbers are exact. */
function compare(
  golden: GoldenCase,
  { name, actual }: { readonly name: string; readonly actual: ArrayLike<number> },
): Comparison {
  const expected = golden.tensors.get(`output.${name}`)!;
  const bound = expected.dtype === "f32"
    ? boundOf("network", { error: 0, magnitude: magnitude(expected.data), exact: true })
    : 0;
  return { name, actual, expected: expected.data, bound };
}

interface StagesSettings {
  readonly n_samples: readonly number[];
  readonly to_keep: readonly number[];
  readonly n_trials: number;
}

/** The network's error is a formula of a prompt, a timestep and a trial. */
function stagesCase(golden: GoldenCase): readonly Comparison[] {
  const { n_samples: nSamples, to_keep: toKeep, n_trials: trials } = golden
    .settings as unknown as StagesSettings;
  const input = (name: string) => golden.tensors.get(`input.${name}`)!.data as Float32Array;
  const [base, gain, profile, wobble] = ["base", "gain", "profile", "wobble"].map(input) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const errorOf = (prompt: number, t: number, trial: number): number =>
    Math.fround(
      base[prompt]! + gain[prompt]! * profile[t]! +
        wobble[(7 * prompt + 13 * t + 29 * trial) % wobble.length]!,
    );
  const stages = eliminationStages({ nSamples, toKeep, trials }, {
    trainTimesteps: profile.length,
  });
  const comparisons: Comparison[] = [];
  const add = (name: string, actual: ArrayLike<number>): void => {
    comparisons.push(compare(golden, { name, actual }));
  };
  const sums = new Float64Array(base.length);
  let remaining: readonly number[] = Array.from(base.keys());
  let columns = 0;
  for (const [stage, { timesteps, firstNoise, keep }] of stages.entries()) {
    for (const prompt of remaining) {
      for (const t of timesteps) {
        for (let trial = 0; trial < trials; trial++) sums[prompt]! += errorOf(prompt, t, trial);
      }
    }
    columns += timesteps.length * trials;
    const errors = remaining.map((prompt) => sums[prompt]! / columns);
    add(`prompts.${stage}`, remaining);
    add(`timesteps.${stage}`, timesteps);
    add(`first_noise.${stage}`, firstNoise);
    add(`mean_error.${stage}`, errors);
    remaining = survivors(remaining, { errors, keep });
    add(`survivors.${stage}`, remaining);
  }
  add("winner", remaining);
  const counted = countEvaluations(stages, { prompts: base.length, trials });
  const expected = [golden.settings.evaluations as number];
  return [...comparisons, { name: "evaluations", actual: [counted], expected, bound: 0 }];
}

function winogroundCase(golden: GoldenCase): readonly Comparison[] {
  const { data } = golden.tensors.get("input.scores")!;
  const tags = golden.settings.tags as readonly string[];
  const examples = tags.map((_, at) => {
    const [s00, s01, s10, s11] = data.slice(4 * at, 4 * at + 4);
    return scoreWinoground([[s00!, s01!], [s10!, s11!]]);
  });
  const names = ["text", "image", "group"] as const satisfies readonly (keyof WinogroundScore)[];
  const groups = [
    examples,
    ...(golden.settings.tag_names as readonly string[]).map((tag) =>
      examples.filter((_, at) => tags[at] === tag)
    ),
  ].map(winogroundShare);
  const of = (kind: "percent" | "interval") =>
    groups.flatMap((share) => names.map((name) => share[kind][name]));
  return [
    compare(golden, {
      name: "correct",
      actual: examples.flatMap((each) => names.map((name) => Number(each[name]))),
    }),
    compare(golden, { name: "percent", actual: of("percent") }),
    compare(golden, { name: "interval", actual: of("interval") }),
  ];
}

/** What a case that runs a model is run with. */
export interface ClassificationCaseOptions {
  readonly classify: ZeroShotImageClassification;
  readonly exact: boolean;
}

interface ClassifierSettings extends StagesSettings {
  readonly prompts: readonly string[];
  readonly scheduler: Readonly<Record<string, unknown>>;
  readonly latent_scale: number;
  readonly result: {
    readonly timesteps: readonly number[];
    readonly rounds: Readonly<
      Record<"l1" | "l2", readonly { readonly kept: readonly number[]; readonly gap: number }[]>
    >;
  };
}

/**
 * Runs a case of the kind `classifier`: the errors of every prompt, and who is left after each round.
 *
 * @throws {UnsupportedCaseError} If the model scales latents otherwise than the case.
 */
export async function runClassifierCase(
  golden: GoldenCase,
  { classify, exact }: ClassificationCaseOptions,
): Promise<readonly Comparison[]> {
  const settings = golden.settings as unknown as ClassifierSettings;
  const { prompts, n_samples: nSamples, to_keep: toKeep, n_trials: trials, result } = settings;
  const found = await encoded(golden, { classify, settings });
  const errors = recordedErrors(golden);
  const boundFor = (name: string): number =>
    boundOf("network", {
      error: errors.get(name)?.[0] ?? 0,
      magnitude: magnitude(golden.tensors.get(name)!.data),
      exact,
    });
  const comparisons = Object.entries(found).map(([name, actual]): Comparison => ({
    name,
    actual,
    expected: golden.tensors.get(name)!.data,
    bound: boundFor(name),
  }));
  const { image } = pictureTensor(golden);
  const call = {
    image,
    labels: prompts,
    template: "{}",
    noise: golden.tensors.get("input.noise")!,
    scheduler: settings.scheduler,
    trials,
    nSamples,
  };
  for (const loss of ["l2", "l1"] as const) {
    const name = `output.${loss}`;
    const expected = golden.tensors.get(name)!.data as Float32Array;
    const bound = boundFor(name);
    // All prompts stay to the last, so that all errors are there.
    const everyone = nSamples.map((_, at) => at === nSamples.length - 1 ? 1 : prompts.length);
    const whole = await classify({ ...call, loss, toKeep: everyone });
    comparisons.push({ name, actual: errorsOf(whole), expected, bound });
    comparisons.push({
      name: `timesteps of ${loss}`,
      actual: whole.prompts[0]!.timesteps.filter((_, at) => at % trials === 0),
      expected: result.timesteps,
      bound: 0,
    });
    const staged = await classify({ ...call, loss, toKeep });
    const columns = expected.length / prompts.length;
    comparisons.push({
      name: `${loss} in stages`,
      actual: errorsOf(staged),
      expected: staged.prompts.flatMap(({ errors }, prompt) => [
        ...expected.subarray(prompt * columns, prompt * columns + errors.length),
      ]),
      bound,
    });
    comparisons.push(...rounds(staged, { expected: result.rounds[loss], loss, bound }));
  }
  return comparisons;
}

function errorsOf({ prompts }: ClassificationResult): readonly number[] {
  return prompts.flatMap(({ errors }) => [...errors]);
}

/** Who is left after each round. Where two prompts are nearer than their errors are certain, either may be. */
function rounds(
  { prompts, label }: ClassificationResult,
  options: {
    readonly expected: ClassifierSettings["result"]["rounds"]["l2"];
    readonly loss: string;
    readonly bound: number;
  },
): readonly Comparison[] {
  const { expected, loss, bound } = options;
  return expected.flatMap(({ kept, gap }, round): Comparison[] => {
    if (gap < 4 * bound) return [];
    const left = prompts.flatMap((prompt, at) =>
      (round === expected.length - 1 ? prompt.label === label : prompt.stage > round + 1)
        ? [at]
        : []
    );
    const name = `prompts after round ${round + 1} of ${loss}`;
    return [{ name, actual: left, expected: kept.toSorted((a, b) => a - b), bound: 0 }];
  });
}

/** The picture's latents and the encoded prompts, as the classifier makes them. */
async function encoded(
  golden: GoldenCase,
  { classify: { model }, settings }: {
    readonly classify: ZeroShotImageClassification;
    readonly settings: ClassifierSettings;
  },
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const family = await textToImageFamily(model);
  if (family.scalingFactor !== settings.latent_scale) {
    throw new UnsupportedCaseError(`latents scaled by ${settings.latent_scale}`);
  }
  using arithmetic = new Arithmetic(model.backend);
  using latents = await encodeImages(pictureTensor(golden).image, {
    component: await model.component(family.autoencoder),
    arithmetic,
    family,
    batch: 1,
  });
  using context = await encodePrompts(settings.prompts, {
    tokenizer: await model.tokenizer(),
    component: await model.component(family.textEncoder),
    family,
  });
  return {
    "output.latent": (await latents.read()).data,
    "output.encoder_hidden_states": (await context.read()).data,
  };
}

function pictureTensor(golden: GoldenCase) {
  const { shape, data } = golden.tensors.get("input.image")!;
  const [height, width] = shape as [number, number];
  const picture: Picture = { width, height, channels: 3, data: data as Uint8Array };
  return { image: preprocessPictures([picture], { resize: false }) };
}

/**
 * Runs a case of the kind `shapes_classify`: errors of all labels of some scenes, and the answers.
 *
 * The expected numbers were computed in single precision by three networks in a row, and no error is recorded: they are held to
 * the bounds of sampling.
 */
export async function runShapesClassifyCase(
  { settings, tensors }: GoldenCase,
  { classify, exact }: ClassificationCaseOptions,
): Promise<readonly Comparison[]> {
  const { prompts, labels, timesteps, answers } = settings as unknown as {
    readonly prompts: readonly (readonly string[])[];
    readonly labels: readonly string[];
    readonly timesteps: readonly number[];
    readonly answers: readonly number[];
  };
  const images = tensors.get("input.images")!;
  const [, height, width] = images.shape as [number, number, number];
  const size = height * width * 3;
  const { data: expected } = tensors.get("output.l2")!;
  const actual: number[] = [];
  const answered: number[] = [];
  for (const [scene, texts] of prompts.entries()) {
    const data = images.data.slice(scene * size, (scene + 1) * size) as Uint8Array;
    const result = await classify({
      image: { width, height, channels: 3, data },
      size: width,
      labels,
      prompts: texts,
      noise: tensors.get("input.noise") as HostTensor,
      nSamples: timesteps.length,
      toKeep: 1,
    });
    actual.push(...errorsOf(result));
    answered.push(labels.indexOf(result.label));
  }
  const m = magnitude(expected);
  return [
    {
      name: "output.l2",
      actual,
      expected,
      bound: boundOf("sampling", { error: 0, magnitude: m, exact }),
    },
    { name: "answers", actual: answered, expected: answers, bound: 0 },
  ];
}
