/**
 * Tokens that are recognised as such wherever a text has them: start, end, padding, …
 *
 * A tokenizer's files tell of them in up to four places. The order in which these count is that of
 * Hugging Face transformers: what is listed with ids (`added_tokens_decoder`, `added_tokens.json`,
 * `tokenizer.json`) decides how a token is matched; for which token has which role,
 * `special_tokens_map.json` wins against `tokenizer_config.json`, except beside
 * `added_tokens_decoder`, where it is a leftover.
 *
 * @module
 */
import { display, isObject, type JsonObject, type JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";

/** What a token is for. In transformers' order, which decides between two that are equal. */
const ROLES = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"] as const;

/** What a token is for: beginning and end of a sequence, unknown words, … */
export type Role = typeof ROLES[number];

/** Characters of all of them together. They become a regular expression, for which engines have limits of their own. */
const MOST_CHARACTERS = 100_000;

/** A token that is matched before the vocabulary's own rules. */
export interface SpecialToken {
  /** As it is written. */
  readonly content: string;
  /** Its id. */
  readonly id: number;
  /**
   * Whether it is matched in the normalised text, so that another case of its letters is it too.
   * Otherwise only the exact spelling is.
   */
  readonly normalized: boolean;
}

/** A tokenizer's special tokens. */
export interface SpecialTokens {
  /** Those that are matched in texts; no content is twice. */
  readonly tokens: readonly SpecialToken[];
  /** The id of a role that the class of tokenizer has. */
  id(role: Role): number;
}

/** The files that tell of special tokens, as far as there are any. */
export interface SpecialTokenFiles {
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig: JsonObject;
  /** `special_tokens_map.json`. */
  readonly specialTokensMap: JsonObject;
  /** `added_tokens.json`: ids by token. */
  readonly addedTokens: JsonObject;
  /** `added_tokens` of `tokenizer.json`. */
  readonly listed: readonly JsonValue[];
}

/**
 * Gathers the special tokens.
 *
 * @param options What the tokenizer's class has by default, which of these may be missing from the
 * vocabulary, and a padding token to use instead of the files'.
 * @throws {ModelError} If a token has no id, or is to be matched in a way that is not supported.
 */
export function readSpecialTokens(
  files: SpecialTokenFiles,
  options: {
    readonly description: string;
    readonly vocabulary: ReadonlyMap<string, number>;
    readonly defaults: Readonly<Partial<Record<Role, string>>>;
    readonly dispensable?: readonly Role[];
    readonly padToken?: string;
  },
): SpecialTokens {
  const { description, vocabulary, defaults } = options;
  const fail = (problem: string) => new ModelError(`Cannot use ${description}: ${problem}`);
  const given = readGiven(files, fail);
  const tokens = new Map<string, SpecialToken>();
  const add = (spec: Spec, key: string) => {
    const { content } = spec;
    const fixed = given.get(content);
    const id = vocabulary.get(content) ?? fixed?.id;
    if (id === undefined) throw fail(`the ${key} ${display(content)} is not in the vocabulary`);
    const normalized = fixed?.normalized === "unless special" ? false : fixed?.normalized;
    tokens.set(content, { content, id, normalized: normalized ?? spec.normalized });
  };
  for (const [content, { id, normalized }] of given) {
    const known = vocabulary.get(content);
    if (known !== undefined && known !== id) {
      throw fail(`the added token ${display(content)} has the ids ${id} and ${known}`);
    }
    tokens.set(content, { content, id, normalized: normalized !== false });
  }

  const map = Object.hasOwn(files.tokenizerConfig, "added_tokens_decoder")
    ? {}
    : files.specialTokensMap;
  const roles = new Map<Role, string>();
  for (const role of ROLES) {
    const key = `${role}_token`;
    const value = role === "pad" && options.padToken !== undefined
      ? options.padToken
      : own(map, key) ?? own(files.tokenizerConfig, key);
    const content = value ?? defaults[role];
    if (content === undefined) continue;
    const spec = readSpec(content, { where: key, fail });
    const isThere = vocabulary.has(spec.content) || given.has(spec.content);
    if (!isThere && value === undefined && options.dispensable?.includes(role)) continue;
    add(spec, key);
    roles.set(role, spec.content);
  }
  for (const key of ["additional_special_tokens", "extra_special_tokens"]) {
    const list = own(map, key) ?? own(files.tokenizerConfig, key);
    if (!Array.isArray(list)) continue;
    for (const value of list) add(readSpec(value, { where: key, fail }), key);
  }
  const characters = [...tokens.keys()].reduce((sum, { length }) => sum + length, 0);
  if (characters > MOST_CHARACTERS) {
    throw fail(
      `it has ${tokens.size} special tokens of ${characters} characters; ${MOST_CHARACTERS} is the limit`,
    );
  }
  return {
    tokens: [...tokens.values()],
    id(role) {
      const token = tokens.get(roles.get(role) ?? "");
      if (token === undefined) throw fail(`it has no ${role}_token`);
      return token.id;
    },
  };
}

interface Spec {
  readonly content: string;
  readonly normalized: boolean;
}

type Fail = (problem: string) => ModelError;

/** A token that is listed with its id. `added_tokens.json` does not say how it is matched. */
interface Given {
  readonly id: number;
  readonly normalized: boolean | "unless special";
}

/** Tokens that are listed with their ids, by what is written. */
function readGiven(
  { tokenizerConfig, addedTokens, listed }: SpecialTokenFiles,
  fail: Fail,
): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>();
  const add = (content: string, { id, normalized }: {
    readonly id: JsonValue | undefined;
    readonly normalized: Given["normalized"];
  }) => {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > 2 ** 24) {
      throw fail(`the added token ${display(content)} has the id ${display(id)}`);
    }
    given.set(content, { id, normalized });
  };
  const decoder = own(tokenizerConfig, "added_tokens_decoder");
  if (isObject(decoder)) {
    for (const [id, value] of Object.entries(decoder)) {
      const { content, normalized } = readSpec(value, { where: "added_tokens_decoder", fail });
      add(content, { id: Number(id), normalized });
    }
    return given;
  }
  for (const [content, id] of Object.entries(addedTokens)) {
    add(content, { id, normalized: "unless special" });
  }
  for (const value of listed) {
    const { content, normalized } = readSpec(value, { where: "added_tokens", fail });
    add(content, { id: isObject(value) ? own(value, "id") : undefined, normalized });
  }
  return given;
}

/** A string, or an object as transformers writes it. */
function readSpec(
  value: JsonValue,
  { where, fail }: { readonly where: string; readonly fail: Fail },
): Spec {
  // Strings in the role of a special token are matched as they are.
  if (typeof value === "string" && value !== "") return { content: value, normalized: false };
  if (!isObject(value)) throw fail(`${where} is ${display(value)}; it must be a token`);
  const content = own(value, "content");
  if (typeof content !== "string" || content === "") {
    throw fail(`${where} has the content ${display(content)}; it must be a token`);
  }
  for (const key of ["lstrip", "rstrip", "single_word"]) {
    if (own(value, key) === true) {
      throw fail(`${where} ${display(content)} has ${key} set, which is not supported`);
    }
  }
  return { content, normalized: own(value, "normalized") === true };
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] ?? undefined : undefined;
}
