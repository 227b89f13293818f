/**
 * Opens the tokenizer in a model's folder.
 *
 * @module
 */
import { config, type ConfigReader } from "../config_reader.ts";
import type { FileSource } from "../file_source.ts";
import { display, isObject, type JsonObject, type JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { readJson, readOptionalJson } from "../read_json.ts";
import { bertTokenizer } from "./bert_tokenizer.ts";
import { clipTokenizer } from "./clip_tokenizer.ts";
import { readSpecialTokens, type SpecialTokenFiles } from "./special_tokens.ts";
import type { Tokenizer } from "./tokenizer.ts";
import {
  type PlacedMerge,
  readMergeLines,
  readMergeList,
  readVocabulary,
  readVocabularyLines,
} from "./vocabulary_files.ts";

/** How a tokenizer is opened. */
export interface OpenTokenizerOptions {
  /** Its class in transformers, if the model's index gives one. */
  readonly className?: string;
  /** The padding token, instead of the one that the files give. */
  readonly padToken?: string;
}

/** The kinds of tokenizer that are known. */
type Family = "CLIP" | "BERT";

const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["CLIPTokenizer", "CLIP"],
  ["CLIPTokenizerFast", "CLIP"],
  ["BertTokenizer", "BERT"],
  ["BertTokenizerFast", "BERT"],
]);

/** Classes that only say: as `tokenizer.json` has it. */
const GENERIC = ["PreTrainedTokenizerFast", "TokenizersBackend"];

/**
 * Opens the tokenizer in a folder: CLIP's from `vocab.json` and `merges.txt`, BERT's from
 * `vocab.txt`, either from `tokenizer.json`, which goes first. `tokenizer_config.json`,
 * `special_tokens_map.json` and `added_tokens.json` count if they are there. Code that a file names
 * is never loaded.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "../file_source.ts";
 * import { openTokenizer } from "./open_tokenizer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "##s"].join("\n");
 * const tokenizer = await openTokenizer(memoryFiles(new Map([["vocab.txt", vocabulary]])));
 * assertEquals(tokenizer.encode("A cats!"), [2, 4, 5, 6, 1, 3]);
 * assertEquals([...tokenizer.encodePadded("a cat", 6).ids], [2, 4, 5, 3, 0, 0]);
 * ```
 *
 * @throws {ModelError} If files are missing or damaged, contradict each other, or are of a
 * tokenizer that is not known.
 * @throws {FileError} If a file cannot be read.
 */
export async function openTokenizer(
  files: FileSource,
  options: OpenTokenizerOptions = {},
): Promise<Tokenizer> {
  const object = async (path: string): Promise<JsonObject> => {
    const json = await readOptionalJson(files, path) ?? {};
    if (isObject(json)) return json;
    throw new ModelError(`Cannot use ${files.description}/${path}: it is ${display(json)}`);
  };
  const tokenizerConfig = await object("tokenizer_config.json");
  const settings = config(tokenizerConfig, `${files.description}/tokenizer_config.json`);
  const serialized = await readSerialized(files);
  const family = await findFamily(files, { settings, serialized, className: options.className });
  settings.only("padding_side", ["right"]);
  settings.only("truncation_side", ["right"]);
  settings.only("split_special_tokens", [false, null]);
  const context: Context = {
    files,
    settings,
    serialized,
    maxLength: readMaxLength(settings),
    padToken: options.padToken,
    specialFiles: {
      tokenizerConfig,
      specialTokensMap: await object("special_tokens_map.json"),
      addedTokens: await object("added_tokens.json"),
      listed: serialized?.addedTokens ?? [],
    },
  };
  return family === "CLIP" ? await openClip(context) : await openBert(context);
}

interface Context {
  readonly files: FileSource;
  readonly settings: ConfigReader;
  readonly serialized: Serialized | undefined;
  readonly maxLength: number;
  readonly padToken: string | undefined;
  readonly specialFiles: SpecialTokenFiles;
}

/** `tokenizer.json`. */
interface Serialized {
  readonly model: ConfigReader;
  readonly vocabulary: JsonValue | undefined;
  readonly merges: JsonValue | undefined;
  readonly addedTokens: readonly JsonValue[];
  /** Settings of a `BertNormalizer`, if it has one. */
  readonly normalizer: JsonObject;
}

async function readSerialized(files: FileSource): Promise<Serialized | undefined> {
  const json = await readOptionalJson(files, "tokenizer.json");
  if (json === undefined) return undefined;
  const path = `${files.description}/tokenizer.json`;
  const model = config(json, path).section("model");
  if (!isObject(json) || !isObject(json["model"])) throw new ModelError(`Cannot use ${path}`);
  const { added_tokens: added = [], normalizer } = json;
  if (!Array.isArray(added)) {
    throw new ModelError(`Cannot use ${path}: added_tokens is ${display(added)}, not a list`);
  }
  const isBert = isObject(normalizer) && normalizer["type"] === "BertNormalizer";
  return {
    model,
    vocabulary: json["model"]["vocab"],
    merges: json["model"]["merges"],
    addedTokens: added,
    normalizer: isBert ? normalizer : {},
  };
}

async function findFamily(
  files: FileSource,
  { settings, serialized, className }: {
    readonly settings: ConfigReader;
    readonly serialized: Serialized | undefined;
    readonly className: string | undefined;
  },
): Promise<Family> {
  const known = [...FAMILIES.keys(), ...GENERIC];
  const named = settings.nullable.choice("tokenizer_class", known);
  const own = named === null ? undefined : FAMILIES.get(named);
  const asked = className === undefined ? undefined : FAMILIES.get(className);
  if (className !== undefined && asked === undefined && !GENERIC.includes(className)) {
    throw new ModelError(
      `Cannot open the tokenizer in ${files.description} as ${display(className)}: known are ` +
        known.join(", "),
    );
  }
  if (own !== undefined && asked !== undefined && own !== asked) {
    throw settings.error("tokenizer_class", `but the model's index says ${className}`);
  }
  const family = own ?? asked;
  if (family !== undefined) return family;
  if (serialized !== undefined) {
    return serialized.model.choice("type", ["BPE", "WordPiece"]) === "BPE" ? "CLIP" : "BERT";
  }
  if (await files.exists("vocab.txt")) return "BERT";
  if (await files.exists("vocab.json")) return "CLIP";
  throw new ModelError(
    `Cannot open the tokenizer in ${files.description}: it has none of tokenizer.json, ` +
      "vocab.json, vocab.txt",
  );
}

/** transformers writes 1e30 for "no limit". */
function readMaxLength(settings: ConfigReader): number {
  const length = settings.nullable.number("model_max_length", null, { min: 2 });
  if (length === null || length > 2 ** 24) return Infinity;
  if (Number.isInteger(length)) return length;
  throw settings.error("model_max_length", "but must be a whole number");
}

async function openClip(context: Context): Promise<Tokenizer> {
  const { files, serialized, maxLength } = context;
  const { description } = files;
  let vocabulary: ReadonlyMap<string, number>;
  let merges: readonly PlacedMerge[];
  if (serialized === undefined) {
    const path = "vocab.json";
    vocabulary = readVocabulary(await readJson(files, path), `${description}/${path}`);
    merges = await readMergeLines(files, "merges.txt");
  } else {
    const { model } = serialized;
    model.only("type", ["BPE"]);
    model.choice("end_of_word_suffix", ["</w>"]);
    model.only("continuing_subword_prefix", ["", null]);
    model.only("dropout", [null]);
    model.only("byte_fallback", [false]);
    model.only("ignore_merges", [false]);
    vocabulary = readVocabulary(serialized.vocabulary, `${description}/tokenizer.json`);
    merges = readMergeList(serialized.merges, `${description}/tokenizer.json`);
  }
  const special = readSpecialTokens(context.specialFiles, {
    description,
    vocabulary,
    defaults: {
      bos: "<|startoftext|>",
      eos: "<|endoftext|>",
      unk: "<|endoftext|>",
      pad: "<|endoftext|>",
    },
    ...(context.padToken === undefined ? {} : { padToken: context.padToken }),
  });
  return clipTokenizer({ description, vocabulary, merges, special, maxLength });
}

async function openBert(context: Context): Promise<Tokenizer> {
  const { files, settings, serialized, maxLength } = context;
  const file = serialized === undefined ? "vocab.txt" : "tokenizer.json";
  const description = `${files.description}/${file}`;
  let vocabulary: ReadonlyMap<string, number>;
  if (serialized === undefined) vocabulary = await readVocabularyLines(files, file);
  else {
    serialized.model.only("type", ["WordPiece"]);
    serialized.model.only("continuing_subword_prefix", ["##"]);
    serialized.model.only("max_input_chars_per_word", [100]);
    vocabulary = readVocabulary(serialized.vocabulary, description);
  }
  const special = readSpecialTokens(context.specialFiles, {
    description,
    vocabulary,
    defaults: { unk: "[UNK]", sep: "[SEP]", pad: "[PAD]", cls: "[CLS]", mask: "[MASK]" },
    dispensable: ["mask"],
    ...(context.padToken === undefined ? {} : { padToken: context.padToken }),
  });
  const normalizer = config(serialized?.normalizer ?? {}, `${description}, normalizer`);
  return bertTokenizer({
    description,
    vocabulary,
    special,
    maxLength,
    lowercase: settings.flag("do_lower_case", normalizer.flag("lowercase", true)),
    stripAccents: settings.nullable.flag(
      "strip_accents",
      normalizer.nullable.flag("strip_accents"),
    ),
    splitChinese: settings.flag(
      "tokenize_chinese_chars",
      normalizer.flag("handle_chinese_chars", true),
    ),
  });
}
