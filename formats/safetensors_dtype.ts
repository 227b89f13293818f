/**
 * The element types of the safetensors format.
 *
 * @module
 */
import { fromBFloat16, fromFloat8 } from "./half.ts";

/** Bits of an element, for every type that the format knows, smallest first. */
export const STORED_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const satisfies Readonly<Record<string, number>>;

/** How a file stores an element. */
export type StoredDType =
  | "BOOL"
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E8M0"
  | "F8_E4M3FNUZ"
  | "F8_E5M2FNUZ"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "C64"
  | "F64"
  | "I64"
  | "U64";

/** The elements of a tensor as they are stored. */
export type StoredData =
  | { readonly dtype: "F64"; readonly data: Float64Array<ArrayBuffer> }
  | { readonly dtype: "F32"; readonly data: Float32Array<ArrayBuffer> }
  | { readonly dtype: "F16"; readonly data: Float16Array<ArrayBuffer> }
  /** `BF16`: the bits of each. */
  | { readonly dtype: "BF16" | "U16"; readonly data: Uint16Array<ArrayBuffer> }
  | { readonly dtype: "I64"; readonly data: BigInt64Array<ArrayBuffer> }
  | { readonly dtype: "U64"; readonly data: BigUint64Array<ArrayBuffer> }
  | { readonly dtype: "I32"; readonly data: Int32Array<ArrayBuffer> }
  | { readonly dtype: "U32"; readonly data: Uint32Array<ArrayBuffer> }
  | { readonly dtype: "I16"; readonly data: Int16Array<ArrayBuffer> }
  | { readonly dtype: "I8"; readonly data: Int8Array<ArrayBuffer> }
  /** `BOOL`: a byte each, by rule 0 or 1. `F8`: the bits of each. */
  | {
    readonly dtype: "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2";
    readonly data: Uint8Array<ArrayBuffer>;
  };

/** Whether a name is one of the format's types; `constructor`, which every object has, is not. */
export function isStoredDType(name: unknown): name is StoredDType {
  return typeof name === "string" && Object.hasOwn(STORED_BITS, name);
}

/**
 * Whether tensors of a type can be read. Not so: complex numbers, and the formats of 4, 6 and 8
 * bits that need a scale which is stored elsewhere.
 */
export function isReadable(dtype: StoredDType): dtype is StoredData["dtype"] {
  return !/^(F4|F6_.*|F8_E8M0|F8_.*FNUZ|C64)$/.test(dtype);
}

/**
 * Sees bytes as elements.
 *
 * The format is little-endian, and so is every machine that runs JavaScript engines of today.
 */
export function viewStored(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: StoredData["dtype"],
): StoredData {
  // A view has to begin at a multiple of its element size, which a slice of a file need not.
  const aligned = bytes.byteOffset === 0 ? bytes : bytes.slice();
  const size = STORED_BITS[dtype] / 8;
  const { buffer } = aligned;
  const count = Math.floor(bytes.length / size);
  switch (dtype) {
    case "F64":
      return { dtype, data: new Float64Array(buffer, 0, count) };
    case "F32":
      return { dtype, data: new Float32Array(buffer, 0, count) };
    case "F16":
      return { dtype, data: new Float16Array(buffer, 0, count) };
    case "BF16":
    case "U16":
      return { dtype, data: new Uint16Array(buffer, 0, count) };
    case "I64":
      return { dtype, data: new BigInt64Array(buffer, 0, count) };
    case "U64":
      return { dtype, data: new BigUint64Array(buffer, 0, count) };
    case "I32":
      return { dtype, data: new Int32Array(buffer, 0, count) };
    case "U32":
      return { dtype, data: new Uint32Array(buffer, 0, count) };
    case "I16":
      return { dtype, data: new Int16Array(buffer, 0, count) };
    case "I8":
      return { dtype, data: new Int8Array(buffer, 0, count) };
    case "U8":
    case "BOOL":
    case "F8_E4M3":
    case "F8_E5M2":
      return { dtype, data: new Uint8Array(buffer, 0, count) };
  }
}

/**
 * Elements as 32-bit floats.
 *
 * `F16`, `BF16`, both `F8`, 8- and 16-bit integers are exact. `F64` and 32-bit integers round to
 * nearest, ties to even. 64-bit integers round to 64-bit floats first. `BOOL` is 1 unless it is 0.
 */
export function toFloat32(stored: StoredData): Float32Array<ArrayBuffer> {
  switch (stored.dtype) {
    case "F32":
      return stored.data;
    case "BF16":
      return fromBFloat16(stored.data);
    case "F8_E4M3":
    case "F8_E5M2":
      return fromFloat8(stored.data, stored.dtype);
    case "BOOL":
      return Float32Array.from(stored.data, (byte) => byte === 0 ? 0 : 1);
    case "I64":
    case "U64": {
      const floats = new Float32Array(stored.data.length);
      for (let i = 0; i < floats.length; i++) floats[i] = Number(stored.data[i]);
      return floats;
    }
    case "F64":
    case "F16":
    case "I32":
    case "U32":
    case "I16":
    case "U16":
    case "I8":
    case "U8":
      return new Float32Array(stored.data);
  }
}
