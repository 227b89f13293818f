/**
 * The text of original configuration files.
 *
 * @module
 */
import { JsonError, type JsonValue, parseJson } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { readYaml } from "./read_yaml.ts";

/**
 * Parses a configuration file: YAML, or JSON if its name says so. SR3 and Palette write `//` comments into theirs.
 *
 * @throws {ModelError} If it is neither.
 */
export function parseOriginalText(text: string, path: string): JsonValue {
  if (!path.endsWith(".json")) return readYaml(text, path);
  try {
    return parseJson(new TextEncoder().encode(withoutComments(text)));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ModelError(`Cannot use ${path}: ${error.message}`, { cause: error });
  }
}

/** Strings are passed over: addresses have slashes too. */
function withoutComments(text: string): string {
  return text.replace(
    /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*/g,
    (token) => token.startsWith('"') ? token : "",
  );
}
