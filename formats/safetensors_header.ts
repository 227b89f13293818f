/**
 * The header of a safetensors file, checked as strictly as the format's own library does, and
 * where JavaScript's JSON is laxer, more so.
 *
 * Layout: 8 bytes with the header's length, little-endian; the header, a JSON object; the data.
 * The tensors cover the data without hole, overlap or rest, so that a file cannot be something
 * else besides.
 *
 * @module
 */
import {
  display,
  isObject,
  JsonError,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "./json.ts";
import { isStoredDType, STORED_BITS, type StoredDType } from "./safetensors_dtype.ts";

/** A safetensors file is damaged, truncated or not what it claims to be. */
export class SafetensorsError extends Error {
  /** The name of this class. */
  override name = "SafetensorsError";
}

/** A tensor of a safetensors file. */
export interface SafetensorsEntry {
  /** Element type. */
  readonly dtype: StoredDType;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the data. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/** What a header says. */
export interface SafetensorsHeader {
  /** Tensors by name, in the header's order. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** Free text by key; empty if there is none. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** The limit of the format's own library. */
const LONGEST_HEADER = 100_000_000;
/** No array library goes further than 64 axes. */
const MOST_AXES = 64;

/**
 * Reads the header's length, before anything is allocated for it.
 *
 * @param first The first eight bytes of the file, or all if it has fewer.
 * @param fileSize Bytes of the file.
 * @throws {SafetensorsError} If a file of that size cannot have such a header.
 */
export function readHeaderLength(
  first: Uint8Array<ArrayBuffer>,
  { fileSize, where }: { readonly fileSize: number; readonly where: string },
): number {
  const fail = (problem: string) => new SafetensorsError(`Cannot read ${where}: ${problem}`);
  if (first.length < 8) {
    throw fail(`it has ${fileSize} bytes; a safetensors file begins with 8 that give a length`);
  }
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    throw fail(
      `its header would be ${length} bytes long, and ${LONGEST_HEADER} is the limit` +
        lookalike(first),
    );
  }
  if (8n + length > fileSize) {
    throw fail(
      `its header would end at byte ${8n + length}, and the file has ${fileSize}: it is truncated`,
    );
  }
  return Number(length);
}

/** Two things that are often found where a checkpoint should be. */
function lookalike(first: Uint8Array): string {
  const text = new TextDecoder().decode(first);
  if (text.startsWith("version ")) return "; it is a Git LFS pointer, not the file it points to";
  if (/^\s*<(!|html|\?)/i.test(text)) return "; it is a web page, not a checkpoint";
  return "";
}

/**
 * Parses and checks a header.
 *
 * @param bytes The header without its length.
 * @param dataSize Bytes of the file after the header.
 * @throws {SafetensorsError} Saying which tensor is at fault and how.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  { dataSize, where }: { readonly dataSize: number; readonly where: string },
): SafetensorsHeader {
  const fail = (problem: string) => new SafetensorsError(`Cannot read ${where}: ${problem}`);
  const json = parseOrFail(bytes, fail);
  if (!isObject(json)) throw fail(`its header is ${display(json)}, not an object`);
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of Object.entries(json)) {
    // Two names that differ in lone surrogates only are the same in UTF-8.
    if (!name.isWellFormed()) throw fail(`the name ${display(name)} is not well-formed Unicode`);
    if (name === "__metadata__") metadata = readMetadata(value, fail);
    else tensors.set(name, readEntry(name, { value, fail }));
  }
  checkLayout(tensors, { dataSize, fail });
  return { tensors, metadata };
}

type Fail = (problem: string) => SafetensorsError;

function parseOrFail(bytes: Uint8Array, fail: Fail): JsonValue {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    // "duplicate" is the word that other readers use for a key that is there twice.
    const problem = error.message.replace(/ twice/, " twice (a duplicate)");
    throw fail(`its header cannot be read: ${problem}`);
  }
}

function readMetadata(value: JsonValue, fail: Fail): ReadonlyMap<string, string> {
  if (!isObject(value)) throw fail(`__metadata__ is ${display(value)}, not an object of strings`);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string" || !text.isWellFormed() || !key.isWellFormed()) {
      throw fail(`__metadata__ has ${display(key)}: ${display(text)}, not a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function readEntry(
  name: string,
  { value, fail }: { readonly value: JsonValue; readonly fail: Fail },
): SafetensorsEntry {
  const of = (problem: string) => fail(`tensor ${display(name)} ${problem}`);
  if (!isObject(value)) throw of(`is ${display(value)}, not an object`);
  const dtype = own(value, "dtype");
  if (!isStoredDType(dtype)) throw of(`has the dtype ${display(dtype)}, which is not known`);
  const shape = own(value, "shape");
  if (!isSizes(shape)) throw of(`has the shape ${display(shape)}, not a list of sizes`);
  if (shape.length > MOST_AXES) throw of(`has ${shape.length} axes; ${MOST_AXES} is the limit`);
  const offsets = own(value, "data_offsets");
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw of(`has the data_offsets ${display(offsets)}, not two positions`);
  }
  const [start = 0, end = 0] = offsets;
  if (end < start) throw of(`ends at ${end}, before it starts at ${start}`);
  const bits = bitsOf(shape, STORED_BITS[dtype]);
  if (bits === undefined) throw of(`has the shape ${display(shape)}, which no file can hold`);
  if (bits !== (end - start) * 8) {
    throw of(
      `is ${dtype}${display(shape)}, which takes ${bits / 8} bytes, and has ${end - start}`,
    );
  }
  return { dtype, shape, start, end };
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Exact integers only: past 2^53 two positions that differ may be the same number. */
function isSizes(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0 && !Object.is(size, -0));
}

/** The product, or `undefined` if any step of it is beyond exact integers. */
function bitsOf(shape: readonly number[], bitsOfOne: number): number | undefined {
  let bits = bitsOfOne;
  for (const size of shape) {
    bits *= size;
    if (!Number.isSafeInteger(bits)) return undefined;
  }
  return bits;
}

/** Every byte of the data belongs to exactly one tensor. */
function checkLayout(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  { dataSize, fail }: { readonly dataSize: number; readonly fail: Fail },
): void {
  const byPlace = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let reached = 0;
  for (const [name, { start, end }] of byPlace) {
    if (start !== reached) {
      const what = start < reached ? "overlaps the one before" : "leaves a hole";
      throw fail(`tensor ${display(name)} starts at ${start}, not ${reached}: it ${what}`);
    }
    if (end > dataSize) {
      throw fail(
        `tensor ${display(name)} ends at byte ${end} of the data, and there are ${dataSize}: ` +
          "the file is truncated",
      );
    }
    reached = end;
  }
  if (reached !== dataSize) {
    throw fail(`${dataSize - reached} bytes after the last tensor belong to none`);
  }
}
