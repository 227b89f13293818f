/**
 * Prompts and guidance of a call, checked.
 *
 * @module
 */
import type { Plan } from "../schedulers/plan.ts";
import { checkInteger, checkNumber, SettingsError } from "./settings.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";
import type { TextToImageOptions } from "./text_to_image_options.ts";

/** What is said about the pictures, and how much it counts. */
export type TextOptions = Pick<
  TextToImageOptions,
  "prompt" | "negativePrompt" | "count" | "guidanceScale" | "guidanceRescale" | "clipSkip"
>;

/** What only a model that reads text takes. */
export const TEXT_OPTIONS = [
  "prompt",
  "negativePrompt",
  "guidanceScale",
  "guidanceInterval",
  "guidanceRescale",
  "clipSkip",
] as const satisfies readonly (keyof TextToImageOptions)[];

/** The same with every default filled in. */
export interface TextSettings {
  /** One a picture: those of the first prompt, of the second, … */
  readonly prompts: readonly string[];
  /** One a picture. */
  readonly negatives: readonly string[];
  /** How many pictures there are of each prompt. */
  readonly count: number;
  readonly guidanceScale: number;
  /** Whether the scale switches guidance on. */
  readonly guided: boolean;
  readonly guidanceRescale: number;
  readonly clipSkip: number;
}

/**
 * Checks prompts and guidance.
 *
 * @param family The model, and how many pictures are given beside the prompts: one prompt is for all of them.
 * @throws {SettingsError} If one cannot be used.
 */
export function readTextSettings(
  options: TextOptions,
  family:
    & Pick<TextToImageFamily, "textLayers" | "guided">
    & {
      readonly defaults: Pick<TextToImageFamily["defaults"], "guidanceScale">;
      readonly given?: number;
    },
): TextSettings {
  const said = typeof options.prompt === "string" ? [options.prompt] : options.prompt;
  if (!areTexts(said) || said.length === 0) {
    throw new SettingsError("Cannot draw without a prompt: give a string or a list of strings");
  }
  const { given = 1 } = family;
  if (given !== 1 && said.length !== 1 && said.length !== given) {
    throw new SettingsError(
      `Cannot use ${said.length} prompts with ${given} pictures: give one, or one each`,
    );
  }
  const each = said.length === 1 ? Array<string>(given).fill(said[0]!) : said;
  const count = checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const negative = options.negativePrompt ?? "";
  const avoided = typeof negative === "string" ? [negative] : negative;
  if (!areTexts(avoided)) {
    throw new SettingsError(
      "Cannot use the negative prompt: give a string or a list of strings",
    );
  }
  if (avoided.length !== 1 && avoided.length !== each.length) {
    throw new SettingsError(
      `Cannot use ${avoided.length} negative prompts with ${each.length} prompts: give one, or one each`,
    );
  }
  const guidanceRescale = checkNumber("guidanceRescale", options.guidanceRescale ?? 0);
  if (guidanceRescale < 0 || guidanceRescale > 1) {
    throw new SettingsError(
      `Cannot use guidanceRescale ${guidanceRescale}: it must be from 0 to 1`,
    );
  }
  const guidanceScale = checkNumber(
    "guidanceScale",
    options.guidanceScale ?? family.defaults.guidanceScale,
  );
  return {
    prompts: each.flatMap((text) => Array<string>(count).fill(text)),
    negatives: each.flatMap((_, at) =>
      Array<string>(count).fill(avoided.length === 1 ? avoided[0]! : avoided[at]!)
    ),
    count,
    guidanceScale,
    guided: family.guided(guidanceScale),
    guidanceRescale,
    clipSkip: checkInteger("clipSkip", options.clipSkip ?? 0, { min: 0, max: family.textLayers }),
  };
}

function areTexts(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((text) => typeof text === "string");
}

/**
 * Tells which rows of a plan lie in an interval of shares of it; undefined if all do.
 *
 * @throws {SettingsError} If it is no such interval.
 */
export function guidedRows(
  interval: TextToImageOptions["guidanceInterval"],
  { rows: { length: rows } }: Plan,
): ((index: number) => boolean) | undefined {
  if (interval === undefined) return undefined;
  const [from, to] = interval;
  if (interval.length !== 2 || !(from >= 0 && from <= to && to <= 1)) {
    throw new SettingsError(
      `Cannot guide in the interval ${
        interval.join(" to ")
      }: it must be two shares of the steps, 0 to 1, the first not above the second`,
    );
  }
  // 0.58 * 50 is a little less than 29.
  const rowAt = (share: number) => Math.floor(share * rows + 1e-9);
  const [first, end] = [rowAt(from), rowAt(to)];
  return first === 0 && end === rows ? undefined : (index) => index >= first && index < end;
}
