/**
 * JSON whose values stay as they are written: readers elsewhere tell `1.0` from `1`, and Python writes `-Infinity`.
 *
 * @module
 */

/** An object of JSON: the text of each value by its key. */
export type RawObject = ReadonlyMap<string, string>;

/**
 * The members of an object, in their order.
 *
 * @param text An object of JSON, checked by `parseJson`.
 *
 * @example
 * ```ts
 * import { rawMembers } from "./raw_json.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...rawMembers('{ "scale": 1.0, "list": [1, {"a": 2}] }')], [["scale", "1.0"], ["list", '[1, {"a": 2}]']]);
 * ```
 */
export function rawMembers(text: string): RawObject {
  const members = new Map<string, string>();
  let depth = 0;
  let start = text.indexOf("{") + 1;
  let colon = -1;
  // A token: a string, whose brackets and commas mean nothing, or one character.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (depth === 1 && token === ":" && colon < 0) colon = index;
    else if (depth === 1 && (token === "," || token === "}") && colon >= 0) {
      const key: unknown = JSON.parse(text.slice(start, colon));
      members.set(String(key), text.slice(colon + 1, index).trim());
      [start, colon] = [index + 1, -1];
    }
    if (token === "}" || token === "]") depth--;
  }
  return members;
}

/** Writes an object as diffusers does: keys in order, a line each. */
export function writeRawObject(members: RawObject): string {
  const lines = [...members]
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${value}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** A value as it is written into such an object. */
export function rawValue(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
}
