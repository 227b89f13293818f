/**
 * JSON from files that nobody vouches for: UTF-8 only, no key twice, no bottomless nesting.
 *
 * @module
 */

/** What JSON can say. Objects may have an own key `__proto__`: read them with `Object.entries`. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** The bytes are not JSON, or JSON that two readers could understand differently. */
export class JsonError extends Error {
  /** The name of this class. */
  override name = "JsonError";
}

/** No configuration, index or header nests deeper than a few levels. */
const DEEPEST = 64;

/**
 * Parses JSON.
 *
 * `JSON.parse` alone keeps the last of two equal keys, which is how a file shows one thing to a
 * checker and another to a loader; this refuses such a file.
 *
 * @example
 * ```ts
 * import { parseJson } from "./json.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseJson(new TextEncoder().encode('{"steps": [1, 2]}')), { steps: [1, 2] });
 * ```
 *
 * @throws {JsonError} If the bytes are not UTF-8, not JSON, have a key twice in one object or nest
 * more than 64 deep.
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    // A byte order mark is kept, so that it is refused as Python and Rust refuse it.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonError("it is not UTF-8");
  }
  if (text.startsWith("\ufeff")) throw new JsonError("it begins with a byte order mark");
  const standard = checkedText(text);
  let value: JsonValue;
  try {
    value = JSON.parse(standard);
  } catch (error) {
    throw new JsonError(`it is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  checkKeys(standard);
  return value;
}

/** Whether a JSON value is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as JSON for messages, at most 100 characters; `JSON.stringify` hides infinities. */
export function display(value: JsonValue | undefined): string {
  const text = write(value, 3);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

function write(value: JsonValue | undefined, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 100));
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 0) return "...";
  if (Array.isArray(value)) {
    return `[${value.slice(0, 50).map((item) => write(item, depth - 1)).join(", ")}]`;
  }
  const entries = Object.entries(value).slice(0, 50);
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}: ${write(v, depth - 1)}`).join(", ")}}`;
}

/**
 * Refuses text that nests too deeply, before a parser has to remember how deep it is.
 *
 * Python writes infinities, which are not JSON, into configurations (`lambda_min_clipped`). A number too large for a double
 * means the same and is JSON. Strings are passed over, so that none changes.
 *
 * No regular expression: a header may be a single string of a hundred megabytes, too much for one to match.
 */
function checkedText(text: string): string {
  const hasInfinity = text.includes("Infinity");
  const parts: string[] = [];
  let [depth, done] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === "{" || char === "[") {
      if (++depth > DEEPEST) throw new JsonError(`it nests more than ${DEEPEST} levels deep`);
    } else if (char === "}" || char === "]") depth--;
    else if (hasInfinity && char === "I" && isInfinity(text, at)) {
      parts.push(text.slice(done, at), "1e999");
      done = at + "Infinity".length;
      at = done - 1;
    }
  }
  return done === 0 ? text : parts.join("") + text.slice(done);
}

/** Whether there is the word at a place, and not as a part of a longer one. */
function isInfinity(text: string, at: number): boolean {
  const end = at + "Infinity".length;
  return text.startsWith("Infinity", at) && !/[\w.]/.test((text[at - 1] ?? "") + (text[end] ?? ""));
}

/** Where a string that begins at a quote has its other one; past the end if it has none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1;; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at;
  }
}

/** Finds keys that are there twice, in JSON that is known to be well formed. A string is a key if a colon follows it. */
function checkKeys(text: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{" || char === "[") open.push(new Set());
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const start = at;
      at = endOfString(text, at);
      let next = at + 1;
      while (" \t\r\n".includes(text[next] ?? "end")) next++;
      if (text[next] !== ":") continue;
      const raw = text.slice(start, at + 1);
      const key: string = raw.includes("\\") ? JSON.parse(raw) : raw.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key)) throw new JsonError(`it has the key ${display(key)} twice in one object`);
      keys?.add(key);
    }
  }
}
