/**
 * Weights as they are to be stored: in 32 or 16 bits, a piece at a time.
 *
 * @module
 */
import { display } from "./json.ts";
import { ModelError } from "./model_error.ts";
import { isStoredDType, STORED_BITS, type StoredData } from "./safetensors_dtype.ts";
import type { StreamedTensor } from "./stream_safetensors.ts";
import type { WeightEntry, WeightSource } from "./weight_source.ts";

/** What numbers with a fraction are stored as. */
export type WeightDType = "F32" | "F16";

/** Settings of {@linkcode convertWeights}. */
export interface ConvertWeightsOptions {
  /** What numbers with a fraction become. Whole numbers and booleans keep their type. */
  readonly dtype: WeightDType;
  /**
   * Tensors of more bytes, as they are stored or as 32-bit floats, are read in pieces of so many. Default 2^28: checksums are
   * compared of tensors that are read whole only, and the largest table of published models has 202 MB.
   */
  readonly largest?: number;
}

/** Whole numbers below this are 32-bit floats without a change. */
const EXACT = 2 ** 24;

/**
 * Tensors of a checkpoint, to be written by `streamSafetensors`. Nothing is read before its turn.
 *
 * Pieces throw {@linkcode ModelError} if a number is beyond what half precision holds, or a whole number beyond what a 32-bit
 * float holds, naming the tensor; and what the source throws.
 *
 * @example
 * ```ts
 * import { convertWeights } from "./convert_weights.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const source = {
 *   description: "model.ckpt",
 *   tensors: new Map([["bias", { shape: [2], stored: "F32" }]]),
 *   read: () => Promise.resolve(Float32Array.of(1, 1 / 3)),
 * };
 * const bias = convertWeights(source, { dtype: "F16" }).get("bias")!;
 * for await (const piece of bias.pieces()) assertEquals(piece, Float16Array.of(1, 1 / 3));
 * ```
 */
export function convertWeights(
  source: Pick<WeightSource, "description" | "tensors" | "read">,
  { dtype, largest = 2 ** 28 }: ConvertWeightsOptions,
): ReadonlyMap<string, StreamedTensor> {
  const streamed = new Map<string, StreamedTensor>();
  for (const [name, entry] of source.tensors) {
    const stored = isWhole(entry.stored) ? entry.stored : dtype;
    const convert = converter(stored, `${display(name)} of ${source.description}`);
    streamed.set(name, {
      stored,
      shape: entry.shape,
      async *pieces() {
        for (const rows of rowsOf(entry, largest)) yield convert(await source.read(name, rows));
      },
    });
  }
  return streamed;
}

/** Types without a fraction. */
const WHOLE = ["I64", "U64", "I32", "U32", "I16", "U16", "I8", "U8", "BOOL"] as const;

function isWhole(stored: string): stored is typeof WHOLE[number] {
  return WHOLE.some((one) => one === stored);
}

/** What is read at a time: all, where that is not too much, or else some rows. */
function* rowsOf(
  { shape, stored }: WeightEntry,
  largest: number,
): Generator<readonly [number, number] | undefined> {
  const [count = 1, ...rest] = shape;
  const bits = Math.max(32, isStoredDType(stored) ? STORED_BITS[stored] : 0);
  const row = rest.reduce((product, size) => product * size, bits / 8);
  if (shape.length === 0 || count * row <= largest) return yield undefined;
  const step = Math.max(1, Math.floor(largest / row));
  for (let at = 0; at < count; at += step) yield [at, Math.min(count, at + step)];
}

type Floats = Float32Array<ArrayBuffer>;

/** From 32-bit floats to the elements of a file. */
function converter(
  stored: WeightDType | typeof WHOLE[number],
  where: string,
): (data: Floats) => StoredData["data"] {
  if (stored === "F32") return (data) => data;
  if (stored === "F16") return (data) => inHalves(data, where);
  return (data) => {
    if (!data.every((value) => Math.abs(value) < EXACT)) {
      throw new ModelError(
        `Cannot convert ${where}: it holds whole numbers of ${EXACT} or more, which are read as 32-bit floats`,
      );
    }
    switch (stored) {
      case "I64":
        return BigInt64Array.from(data, (value) => BigInt(value));
      case "U64":
        return BigUint64Array.from(data, (value) => BigInt(value));
      case "I32":
        return new Int32Array(data);
      case "U32":
        return new Uint32Array(data);
      case "I16":
        return new Int16Array(data);
      case "U16":
        return new Uint16Array(data);
      case "I8":
        return new Int8Array(data);
      case "U8":
      case "BOOL":
        return new Uint8Array(data);
    }
  };
}

/** Five bits of exponent, all ones: no finite number. */
const HALF_EXPONENT = 0x7c00;

/** Rounded to nearest, ties to even, as torch does. */
function inHalves(data: Floats, where: string): Float16Array<ArrayBuffer> {
  const halves = new Float16Array(data);
  const bits = new Uint16Array(halves.buffer);
  for (let at = 0; at < bits.length; at++) {
    if ((bits[at]! & HALF_EXPONENT) !== HALF_EXPONENT || !Number.isFinite(data[at])) continue;
    throw new ModelError(
      `Cannot convert ${where} to f16: it holds ${
        data[at]
      }, and half precision ends at 65504; convert to f32`,
    );
  }
  return halves;
}
