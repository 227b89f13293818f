/**
 * Reads golden case files.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";

/** A golden file: tensors `input.*` and `output.*`, and what they are. */
export interface GoldenCase {
  /** The metadata entry `case`. */
  readonly settings: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** Tensors by their full names. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A safetensors file's header, and how many bytes it has. */
function readHeader(bytes: Uint8Array<ArrayBuffer>): {
  readonly length: number;
  readonly header: Readonly<Record<string, unknown>> & {
    readonly __metadata__?: Readonly<Record<string, string>>;
  };
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  return { length, header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) };
}

/** The settings of a golden file; nothing if the file is somebody's data. */
export function goldenSettings(bytes: Uint8Array<ArrayBuffer>): GoldenCase["settings"] | undefined {
  const json = readHeader(bytes).header.__metadata__?.case;
  return json === undefined ? undefined : parseSettings(json);
}

/** Parses the bytes of a golden file. */
export function parseGoldenCase(bytes: Uint8Array<ArrayBuffer>): GoldenCase {
  const { length, header } = readHeader(bytes);
  const tensors = new Map<string, HostTensor>();
  for (
    const [name, entry] of Object.entries(
      header as Readonly<
        Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
      >,
    )
  ) {
    if (name === "__metadata__") continue;
    const [start, end] = entry.data_offsets;
    const data = bytes.slice(8 + length + start, 8 + length + end).buffer;
    const shape = entry.shape;
    switch (entry.dtype) {
      case "F32":
        tensors.set(name, { dtype: "f32", shape, data: new Float32Array(data) });
        break;
      case "F16":
        tensors.set(name, { dtype: "f16", shape, data: new Float16Array(data) });
        break;
      case "I32":
      case "U32":
        tensors.set(name, { dtype: "i32", shape, data: new Int32Array(data) });
        break;
      case "U8":
        tensors.set(name, { dtype: "u8", shape, data: new Uint8Array(data) });
        break;
      case "BOOL":
        tensors.set(name, { dtype: "u8", shape, data: new Uint8Array(data) });
        break;
      case "I64":
        // Ids and timesteps, as PyTorch has them; our graphs take 32 bits.
        tensors.set(name, {
          dtype: "i32",
          shape,
          data: Int32Array.from(new BigInt64Array(data), Number),
        });
        break;
      default:
        throw new Error(`Cannot read ${name}: stored as ${entry.dtype}`);
    }
  }
  return { settings: parseSettings(header.__metadata__!.case!), tensors };
}

/** Python writes infinities into JSON; a number too large for a double means the same and is valid. */
function parseSettings(json: string): GoldenCase["settings"] {
  return JSON.parse(json.replace(/([:[,]\s*-?)Infinity\b/g, "$11e999"), exactIntegers);
}

/** Integers beyond 2^53 (seeds) become bigints: a double would change them. */
function exactIntegers(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** `result.float32_error`: per output, how far float32 was from float64, and the largest magnitude. */
export function recordedErrors(
  { settings }: GoldenCase,
): ReadonlyMap<string, readonly [error: number, magnitude: number]> {
  const result = settings.result as
    | { readonly float32_error?: Readonly<Record<string, readonly [number, number]>> }
    | undefined;
  return new Map(Object.entries(result?.float32_error ?? {}));
}
