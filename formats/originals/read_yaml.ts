/**
 * YAML from files that nobody vouches for.
 *
 * @module
 */
import { CORE_SCHEMA, load } from "js-yaml";
import type { JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";

/** The original configurations have 2 kB. */
const LARGEST = 64_000;
/** They nest eight deep. */
const DEEPEST = 64;
/** They have no aliases; each may stand for all that is written before it. */
const MOST_ALIASES = 50;
/** Values in the result, which aliases may multiply. */
const MOST_VALUES = 100_000;

/**
 * Parses YAML to what JSON can say: the core schema, no types of other languages, no key twice, no bottomless nesting.
 *
 * @param where The file, for messages.
 * @throws {ModelError} If it is too large, no YAML, or more than plain values.
 *
 * @example
 * ```ts
 * import { readYaml } from "./read_yaml.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "model:\n  params: { channel_mult: [1, 2], use_ema: False }";
 * assertEquals(readYaml(text, "config.yaml"), {
 *   model: { params: { channel_mult: [1, 2], use_ema: false } },
 * });
 * ```
 */
export function readYaml(text: string, where: string): JsonValue {
  const fail = (problem: string, options?: ErrorOptions) =>
    new ModelError(`Cannot use ${where}: ${problem}`, options);
  if (text.length > LARGEST) {
    throw fail(`it has ${text.length} characters; ${LARGEST} is the limit`);
  }
  let value: unknown;
  try {
    value = load(text, { schema: CORE_SCHEMA, maxDepth: DEEPEST, maxAliases: MOST_ALIASES });
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw fail(`it is no plain YAML: ${first}${wordAt(text, first!)}`, { cause: error });
  }
  if (isPlain(value, { depth: 0, budget: { left: MOST_VALUES } })) return value;
  throw fail("it holds more than plain values");
}

/** The word at the line and column that a message ends with, in brackets: which key is there twice, say. */
function wordAt(text: string, message: string): string {
  const [, line, column] = /\((\d+):(\d+)\)$/.exec(message) ?? [];
  const rest = text.split("\n")[Number(line) - 1]?.slice(Number(column) - 1);
  const word = /^[\w.-]{1,100}/.exec(rest ?? "")?.[0];
  return word === undefined ? "" : `, at ${word}`;
}

/** Whether a value is JSON's, within bounds. What an alias stands for is counted as often as it is used. */
function isPlain(
  value: unknown,
  { depth, budget }: { readonly depth: number; readonly budget: { left: number } },
): value is JsonValue {
  if (--budget.left < 0 || depth > DEEPEST) return false;
  const inner = { depth: depth + 1, budget };
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return !Number.isNaN(value);
  if (Array.isArray(value)) return value.every((item) => isPlain(item, inner));
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((item) => isPlain(item, inner));
}
