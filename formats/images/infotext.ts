/**
 * How a picture was made, as text in the picture.
 *
 * The field's common form is the "infotext" of AUTOMATIC1111's web UI, under the PNG keyword
 * `parameters`, which stable-diffusion.cpp and most galleries share:
 *
 *     a red circle
 *     Negative prompt: blurry
 *     Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: v1-5
 *
 * It cannot say every prompt (one with a line "Negative prompt:", one with spaces at an end), so the
 * same settings also go as JSON under the keyword `denoise`, which wins when reading.
 *
 * @module
 */

/** How a picture was made. Further keys are infotext's own: `"Clip skip"`, `"Denoising strength"`. */
export interface Settings {
  /** What was asked for. */
  readonly prompt: string;
  /** What was to be avoided. */
  readonly negativePrompt?: string;
  /** Denoising steps. */
  readonly steps?: number;
  /** The sampler's name, in any spelling. */
  readonly sampler?: string;
  /** Classifier-free guidance scale. */
  readonly guidance?: number;
  /** The number that the noise was drawn from. */
  readonly seed?: number;
  /** Pixels in a row. */
  readonly width?: number;
  /** Rows. */
  readonly height?: number;
  /** The model's name. */
  readonly model?: string;
  /** Anything else. */
  readonly [key: string]: string | number | undefined;
}

/** Infotext's keys of our fields, in its order, and whether a value is a number. */
const FIELDS = [
  { field: "steps", key: "Steps", number: true },
  { field: "sampler", key: "Sampler", number: false },
  { field: "guidance", key: "CFG scale", number: true },
  { field: "seed", key: "Seed", number: true },
  { field: "size", key: "Size", number: false },
  { field: "model", key: "Model", number: false },
] as const;

/** The types of the fields that {@linkcode Settings} names; they are never further keys. */
const TYPES: ReadonlyMap<string, "string" | "number"> = new Map([
  ["prompt", "string"],
  ["negativePrompt", "string"],
  ["steps", "number"],
  ["sampler", "string"],
  ["guidance", "number"],
  ["seed", "number"],
  ["width", "number"],
  ["height", "number"],
  ["model", "string"],
]);

const NEGATIVE = "Negative prompt:";

/** `key: value` pairs; the bracketed form is stable-diffusion.cpp's `Skip layers: [7, 8, ]`. */
const PAIR =
  /\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|\[[^\]]*\]|[^,]*)(?:,|$)/gu;

const KEY = /^[\p{L}\p{N}_][\p{L}\p{N}_ \-/]+$/u;

/** A last line with fewer pairs is part of the prompt. */
const MIN_PAIRS = 3;

/**
 * Writes settings as infotext. Values with commas, colons, newlines or quotes are written as JSON
 * strings, as the web UI does.
 *
 * Where fewer than three values are known, readers take the last line for prompt.
 *
 * @throws {RangeError} If a number is not finite, or a further key is not letters, digits, spaces, -
 * and / of two characters or more, or is one that infotext has for another field.
 */
export function formatInfotext(settings: Settings): string {
  const { prompt, negativePrompt, width, height } = settings;
  const size = width !== undefined && height !== undefined
    ? `${formatValue("width", width)}x${formatValue("height", height)}`
    : undefined;
  const pairs: string[] = [];
  const taken = new Set<string>();
  for (const { field, key } of FIELDS) {
    const value = field === "size" ? size : settings[field];
    if (value === undefined) continue;
    pairs.push(`${key}: ${formatValue(key, value)}`);
    taken.add(key);
  }
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined || TYPES.has(key)) continue;
    if (!KEY.test(key) || taken.has(key)) {
      throw new RangeError(
        `Cannot write the setting ${JSON.stringify(key)}: ${
          taken.has(key)
            ? "infotext has it for another field"
            : "a key has two or more letters, digits, spaces, - or /"
        }`,
      );
    }
    pairs.push(`${key}: ${formatValue(key, value)}`);
  }
  const lines = [prompt, ...(negativePrompt ? [`${NEGATIVE} ${negativePrompt}`] : [])];
  if (pairs.length > 0) lines.push(pairs.join(", "));
  // PNG's text has no NUL.
  return lines.join("\n").replaceAll("\0", "").trim();
}

function formatValue(key: string, value: string | number): string {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) {
      throw new RangeError(`Cannot write the setting ${key}: ${value} is not finite`);
    }
    return String(value);
  }
  const plain = /^[^\s",:[\]\\](?:[^",:\\\p{Cc}]*[^\s",:\\\p{Cc}])?$/u.test(value);
  return plain ? value : JSON.stringify(value);
}

/**
 * Reads infotext as AUTOMATIC1111's web UI does. Texts without a line of settings are all prompt;
 * a field that is not what it should be is kept as a further key, and one that only looks like ours
 * ("steps" for "Steps") is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseInfotext } from "./infotext.ts";
 *
 * const settings = parseInfotext("a cat\nSteps: 20, Seed: 7, Size: 512x640, RNG: cuda");
 * assertEquals(settings, { prompt: "a cat", steps: 20, seed: 7, width: 512, height: 640, RNG: "cuda" });
 * ```
 */
export function parseInfotext(text: string): Settings {
  const lines = text.trim().split("\n");
  let pairs = [...lines.at(-1)!.matchAll(PAIR)];
  if (pairs.length < MIN_PAIRS) pairs = [];
  else lines.pop();

  const trimmed = lines.map((line) => line.trim());
  const negativeAt = trimmed.findIndex((line) => line.startsWith(NEGATIVE));
  const promptLines = negativeAt < 0 ? trimmed : trimmed.slice(0, negativeAt);
  const negativeLines = negativeAt < 0
    ? []
    : trimmed.slice(negativeAt).map((line) =>
      line.startsWith(NEGATIVE) ? line.slice(NEGATIVE.length).trim() : line
    );
  const settings: Record<string, string | number> = { prompt: promptLines.join("\n") };
  const negativePrompt = negativeLines.join("\n");
  if (negativePrompt) settings.negativePrompt = negativePrompt;
  for (const [, key, raw] of pairs) addPair(settings, key!, unquote(raw!.trim()));
  return settings as Record<string, string | number> & Settings;
}

function addPair(settings: Record<string, string | number>, key: string, value: string): void {
  const known = FIELDS.find((field) => field.key === key);
  if (known?.field === "size") {
    const size = /^(\d+)x(\d+)$/.exec(value);
    if (size) {
      settings.width = Number(size[1]);
      settings.height = Number(size[2]);
      return;
    }
  } else if (known) {
    const number = Number(value);
    // A seed past 2^53 would not survive as a number.
    const exact = /^[+-]?\d+$/.test(value) ? Number.isSafeInteger(number) : Number.isFinite(number);
    if (!known.number || (value !== "" && exact)) {
      settings[known.field] = known.number ? number : value;
      return;
    }
  }
  if (TYPES.has(key)) return;
  const number = Number(value);
  const canonical = Number.isFinite(number) && String(number) === value;
  // Not by assignment, which a key "__proto__" would lead astray.
  Object.defineProperty(settings, key, {
    value: canonical ? number : value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** What begins and ends with a quote is JSON, unless it is not. */
function unquote(value: string): string {
  if (!/^".*"$/.test(value)) return value;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : value;
  } catch {
    return value;
  }
}

/**
 * The texts that go into a PNG with a picture of these settings: infotext as `parameters` for
 * everyone, and JSON as `denoise`, which {@linkcode readSettings} prefers since it is exact.
 *
 * @throws {RangeError} As {@linkcode formatInfotext}.
 */
export function settingsText(
  settings: Settings,
): { readonly parameters: string; readonly denoise: string } {
  return { parameters: formatInfotext(settings), denoise: JSON.stringify(settings) };
}

/**
 * Settings from a PNG's texts: from `denoise` exactly as they were written, else from `parameters`,
 * else undefined. A `denoise` text that is not such settings is taken for someone else's.
 */
export function readSettings(texts: ReadonlyMap<string, string>): Settings | undefined {
  const json = texts.get("denoise");
  const exact = json === undefined ? undefined : parseSettings(json);
  if (exact) return exact;
  const infotext = texts.get("parameters");
  return infotext === undefined ? undefined : parseInfotext(infotext);
}

function parseSettings(json: string): Settings | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  return isSettings(value) ? value : undefined;
}

function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null || !("prompt" in value)) return false;
  return Object.entries(value).every(([key, entry]) => {
    const type = typeof entry;
    const known = TYPES.get(key);
    return known ? type === known : type === "string" || type === "number";
  });
}
