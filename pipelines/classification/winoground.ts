/**
 * Scores of Winoground: two pictures and two captions of the same words, to be paired (Thrush et al. 2022).
 *
 * @module
 */
import type {
  ClassificationOptions,
  ZeroShotImageClassification,
} from "../classification_options.ts";
import { chooseSeed, SettingsError } from "../settings.ts";
import type { ClassifiedImage } from "./picture_input.ts";

/**
 * How well captions fit pictures, `[caption][picture]`, higher is better: the negative mean error. Caption 0 belongs to picture
 * 0 and caption 1 to picture 1; further rows are of reference captions, which only the normalised scores look at.
 */
export type CaptionScores = readonly (readonly [number, number])[];

/** What is right about an example. */
export interface WinogroundScore {
  /** Each picture prefers its caption. */
  readonly text: boolean;
  /** Each caption prefers its picture. */
  readonly image: boolean;
  /** Both. */
  readonly group: boolean;
  /**
   * Each caption prefers its picture when scores are normalised over the captions of a picture. The plain image score suffers
   * from pictures that are likely whatever the caption, as the authors' code notes; p(caption | picture) does not.
   */
  readonly normalisedImage: boolean;
  /** `text` and `normalisedImage`. */
  readonly normalisedGroup: boolean;
}

/** The kinds of scores. */
export const WINOGROUND_SCORES = [
  "text",
  "image",
  "group",
  "normalisedImage",
  "normalisedGroup",
] as const satisfies readonly (keyof WinogroundScore)[];

/**
 * Scores an example. Equal scores are not right.
 *
 * @example
 * ```ts
 * import { scoreWinoground } from "./winoground.ts";
 * import { assertEquals } from "@std/assert";
 *
 * // Picture 1 is likelier than picture 0, whatever the caption.
 * const { text, image, normalisedImage } = scoreWinoground([[-0.5, -0.3], [-0.6, -0.2]]);
 * assertEquals([text, image, normalisedImage], [true, false, true]);
 * ```
 *
 * @throws {SettingsError} If there are fewer than two captions, or a score is no number.
 */
export function scoreWinoground(scores: CaptionScores): WinogroundScore {
  if (scores.length < 2 || scores.some((row) => row.length !== 2 || row.some(Number.isNaN))) {
    throw new SettingsError(
      "Cannot score an example: there must be two numbers a caption, one a picture, and two captions",
    );
  }
  const [[s00, s01], [s10, s11]] = scores as readonly [
    readonly [number, number],
    readonly [number, number],
  ];
  const text = s00 > s10 && s11 > s01;
  const image = s00 > s01 && s11 > s10;
  const [likely0, likely1] = [0, 1].map((picture) => logSumExp(scores.map((row) => row[picture]!)));
  const normalisedImage = s00 - likely0! > s01 - likely1! && s11 - likely1! > s10 - likely0!;
  return {
    text,
    image,
    group: text && image,
    normalisedImage,
    normalisedGroup: text && normalisedImage,
  };
}

/** The logarithm of the pictures' likelihood under all captions, if scores are log likelihoods. */
function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** How many of a group of examples are right, in percent. */
export interface WinogroundShare {
  /** Examples. */
  readonly count: number;
  /** Of each score. */
  readonly percent: Readonly<Record<keyof WinogroundScore, number>>;
  /** 1.96 standard errors of each. */
  readonly interval: Readonly<Record<keyof WinogroundScore, number>>;
}

/** Sums up examples: all of them, or those of a tag. */
export function winogroundShare(examples: readonly WinogroundScore[]): WinogroundShare {
  const count = examples.length;
  const of = (value: (share: number) => number) =>
    Object.fromEntries(WINOGROUND_SCORES.map((name) => [
      name,
      value(examples.filter((example) => example[name]).length / count),
    ])) as Record<keyof WinogroundScore, number>;
  return {
    count,
    percent: of((p) => 100 * p),
    interval: of((p) => 100 * 1.96 * Math.sqrt(p * (1 - p) / count)),
  };
}

/** What an example is compared with. */
export interface WinogroundOptions extends
  Omit<
    ClassificationOptions,
    "image" | "labels" | "prompts" | "template" | "preset" | "nSamples" | "toKeep" | "resume"
  > {
  /** The two pictures. */
  readonly images: readonly [ClassifiedImage, ClassifiedImage];
  /** The caption of each picture. */
  readonly captions: readonly [string, string];
  /** Further captions, for the normalised scores. */
  readonly references?: readonly string[];
  /** Evenly spaced timesteps. Default: 200, every fifth, as in the authors' script; the paper's table took all 1000. */
  readonly nSamples?: number;
}

/** An example's scores. */
export interface WinogroundResult extends WinogroundScore {
  /** Negative mean errors, `[caption][picture]`. */
  readonly scores: CaptionScores;
  /** Evaluations of the denoiser. */
  readonly evaluations: number;
}

/**
 * Evaluates and scores an example: every caption with every picture, all with the same noise, because differences are small
 * beside what noise does.
 *
 * @throws As the classifier.
 */
export async function winogroundExample(
  classify: ZeroShotImageClassification,
  options: WinogroundOptions,
): Promise<WinogroundResult> {
  const { images, captions, references = [], nSamples = 200, ...rest } = options;
  const seed = chooseSeed(rest.seed);
  const labels = [...captions, ...references];
  const columns: number[][] = [];
  let evaluations = 0;
  for (const image of images) {
    const result = await classify({
      ...rest,
      image,
      seed,
      labels: labels.map((_, at) => String(at)), // an example's captions may be equal
      prompts: labels,
      nSamples,
      toKeep: 1,
    });
    evaluations += result.evaluations;
    columns.push(
      result.prompts.map(({ errors }) =>
        -errors.reduce((sum, error) => sum + error, 0) / errors.length
      ),
    );
  }
  const scores = labels.map((_, at) => [columns[0]![at]!, columns[1]![at]!] as const);
  return { ...scoreWinoground(scores), scores, evaluations };
}
