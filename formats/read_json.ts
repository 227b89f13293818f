/**
 * Reads JSON files of models.
 *
 * @module
 */
import { FileError, type FileSource } from "./file_source.ts";
import { JsonError, type JsonValue, parseJson } from "./json.ts";
import { ModelError } from "./model_error.ts";

/** The largest published tokenizer file has 35 MB; configurations have a few kB. */
const LARGEST = 100_000_000;

/**
 * Reads a JSON file of a model.
 *
 * @throws {ModelError} If there is no such file, or it is not JSON.
 * @throws {FileError} If it cannot be read for another reason, such as a lack of permission.
 */
export async function readJson(files: FileSource, path: string): Promise<JsonValue> {
  const bytes = await readModelFile(files, path);
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ModelError(`Cannot use ${files.description}/${path}: ${error.message}`, {
      cause: error,
    });
  }
}

/** As {@linkcode readJson}, and `undefined` if there is no such file. */
export async function readOptionalJson(
  files: FileSource,
  path: string,
): Promise<JsonValue | undefined> {
  return await files.exists(path) ? await readJson(files, path) : undefined;
}

/**
 * Reads the lines of a UTF-8 text file of a model. They end in LF or CRLF, the last one may not.
 *
 * @throws {ModelError} If there is no such file, or it is not UTF-8.
 * @throws {FileError} If it cannot be read for another reason.
 */
export async function readLines(files: FileSource, path: string): Promise<readonly string[]> {
  const bytes = await readModelFile(files, path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError(`Cannot use ${files.description}/${path}: it is not UTF-8`, { cause });
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

async function readModelFile(files: FileSource, path: string): Promise<Uint8Array> {
  try {
    const size = await files.size(path);
    if (size <= LARGEST) return await files.read(path);
    throw new ModelError(
      `Cannot use ${files.description}/${path}: it has ${size} bytes; ${LARGEST} is the limit`,
    );
  } catch (error) {
    if (!(error instanceof FileError) || error.kind === "denied" || error.kind === "failed") {
      throw error;
    }
    throw new ModelError(error.message, { cause: error });
  }
}
