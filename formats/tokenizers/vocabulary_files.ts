/**
 * Reads the vocabularies and merges of tokenizers.
 *
 * @module
 */
import type { FileSource } from "../file_source.ts";
import { display, isObject, type JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { readLines } from "../read_json.ts";

/** A pair of tokens that are merged, and where it stands, for messages. */
export interface PlacedMerge {
  /** The two tokens. */
  readonly pair: readonly [string, string];
  /** `merges.txt, line 7,`. */
  readonly where: string;
}

/**
 * Ids by token, from an object of JSON.
 *
 * @throws {ModelError} If it is no object of ids, or two tokens share one.
 */
export function readVocabulary(
  json: JsonValue | undefined,
  where: string,
): ReadonlyMap<string, number> {
  const fail = (problem: string) => new ModelError(`Cannot use ${where}: ${problem}`);
  if (!isObject(json)) throw fail(`the vocabulary is ${display(json)}, not an object`);
  const vocabulary = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(json)) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > 2 ** 24) {
      throw fail(`the token ${display(token)} has the id ${display(id)}`);
    }
    const other = tokens.get(id);
    if (other !== undefined) {
      throw fail(`the tokens ${display(other)} and ${display(token)} share the id ${id}`);
    }
    tokens.set(id, token);
    vocabulary.set(token, id);
  }
  if (vocabulary.size === 0) throw fail("the vocabulary is empty");
  return vocabulary;
}

/**
 * Ids by token, from a file with a token a line: its id is the line's number, from 0.
 *
 * @throws {ModelError} If the file is missing or not UTF-8, or a line is empty or there twice.
 */
export async function readVocabularyLines(
  files: FileSource,
  path: string,
): Promise<ReadonlyMap<string, number>> {
  const fail = (problem: string) =>
    new ModelError(`Cannot use ${files.description}/${path}: ${problem}`);
  const vocabulary = new Map<string, number>();
  for (const [id, token] of (await readLines(files, path)).entries()) {
    if (token === "") throw fail(`line ${id + 1} is empty`);
    if (vocabulary.has(token)) throw fail(`line ${id + 1} has ${display(token)} again`);
    vocabulary.set(token, id);
  }
  return vocabulary;
}

/**
 * Merges from a file with two tokens a line, after a line with the version.
 *
 * @throws {ModelError} If the file is missing or not UTF-8, or a line is not two tokens.
 */
export async function readMergeLines(
  files: FileSource,
  path: string,
): Promise<readonly PlacedMerge[]> {
  const lines = [...await readLines(files, path)];
  while (lines.at(-1) === "") lines.pop();
  return lines.flatMap((line, i) => {
    if (i === 0 && line.startsWith("#version")) return [];
    return {
      pair: readPair(line, `${files.description}/${path}, line ${i + 1}`),
      where: `${path}, line ${i + 1},`,
    };
  });
}

/**
 * Merges from a list of lines, or of pairs, as newer files have it.
 *
 * @throws {ModelError} If it is none.
 */
export function readMergeList(json: JsonValue | undefined, where: string): readonly PlacedMerge[] {
  if (!Array.isArray(json)) {
    throw new ModelError(`Cannot use ${where}: merges is ${display(json)}, not a list`);
  }
  return json.map((item: JsonValue, i) => {
    const text = Array.isArray(item) ? item.join(" ") : item;
    return { pair: readPair(text, `${where}, merge ${i + 1}`), where: `merge ${i + 1}` };
  });
}

function readPair(text: JsonValue, where: string): readonly [string, string] {
  const parts = typeof text === "string" ? text.split(" ") : [];
  const [left, right] = parts;
  if (parts.length === 2 && left && right) return [left, right];
  throw new ModelError(`Cannot use ${where}: ${display(text)} is not two tokens`);
}
