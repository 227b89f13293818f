/**
 * Golden cases of tokenizers: prompts and the ids that diffusers feeds its text encoders.
 *
 * @module
 */
import type { Comparison } from "./comparison.ts";
import { type FileSource, subfolder } from "../formats/file_source.ts";
import { openTokenizer } from "../formats/tokenizers/open_tokenizer.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";

/** What a case says of its tokenizer. */
export interface TokenizerSettings {
  /** Always `tokenizer`. */
  readonly kind: string;
  /** The vocabulary: a folder such as `models/sd1/tokenizer`, or a public one by its name. */
  readonly vocab: string;
  /** The padding token, as written. */
  readonly padToken: string;
  /** Its id. */
  readonly padId: number;
  /** The length to which `padded` is padded and cut. */
  readonly maxLength: number;
}

/**
 * Runs a case: every prompt as it is, and padded.
 *
 * @param json The parsed file.
 * @param open Opens the tokenizer that the case is about.
 * @throws {TypeError} If the file is no case of kind `tokenizer`.
 */
export async function runTokenizerCase(
  json: unknown,
  open: (settings: TokenizerSettings) => Promise<Tokenizer>,
): Promise<readonly Comparison[]> {
  const settings = readSettings(json);
  const tokenizer = await open(settings);
  const comparisons: Comparison[] = [
    { name: "pad_id", actual: [tokenizer.padId], expected: [settings.padId], bound: 0 },
  ];
  for (const [i, prompt] of listOf(fieldsOf(json)["prompts"], "prompts").entries()) {
    const { text, unpadded, padded } = fieldsOf(prompt);
    if (typeof text !== "string") {
      throw new TypeError(`Cannot run the case: prompt ${i} has no text`);
    }
    comparisons.push({
      name: `unpadded.${i}`,
      actual: tokenizer.encode(text),
      expected: listOf(unpadded, "unpadded") as number[],
      bound: 0,
    }, {
      name: `padded.${i}`,
      actual: tokenizer.encodePadded(text, settings.maxLength).ids,
      expected: listOf(padded, "padded") as number[],
      bound: 0,
    });
  }
  return comparisons;
}

/**
 * Opens the tokenizer of a case.
 *
 * @param places `goldens` has `models/…`; `hub` has the public vocabularies, each in a folder.
 * @throws {ModelError} If the vocabulary is not there.
 * @throws {RangeError} If it is none of the known ones.
 */
export async function openCaseTokenizer(
  settings: TokenizerSettings,
  places: { readonly goldens: FileSource; readonly hub: FileSource },
): Promise<Tokenizer> {
  const { vocab, padToken } = settings;
  const files = vocab.startsWith("models/")
    ? subfolder(places.goldens, vocab)
    : vocab.startsWith("CLIP ViT-L/14")
    ? subfolder(places.hub, "sd-v1-4/tokenizer")
    : vocab.startsWith("bert-base-uncased")
    ? subfolder(places.hub, "bert-base-uncased")
    : undefined;
  if (files === undefined) throw new RangeError(`Cannot open the vocabulary ${vocab}: not known`);
  // A model's own folder says its padding token, and has to be read right. One public vocabulary
  // is there with two.
  return await openTokenizer(files, vocab.startsWith("models/") ? {} : { padToken });
}

function readSettings(json: unknown): TokenizerSettings {
  const fields = fieldsOf(json);
  const { kind, vocab, pad_token: padToken, pad_id: padId, max_length: maxLength } = fields;
  if (kind !== "tokenizer") throw new TypeError(`Cannot run a case of kind ${kind} as tokenizer`);
  if (
    typeof vocab !== "string" || typeof padToken !== "string" || typeof padId !== "number" ||
    typeof maxLength !== "number"
  ) {
    throw new TypeError("Cannot run the case: vocab, pad_token, pad_id or max_length is missing");
  }
  return { kind, vocab, padToken, padId, maxLength };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  throw new TypeError("Cannot run the case: it is no object");
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot run the case: ${name} is no list`);
}
