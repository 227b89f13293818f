/**
 * Numbers of 16 and 8 bits as 32-bit floats.
 *
 * @module
 */

/**
 * Brain floats are the upper halves of 32-bit floats: every value is kept, bit for bit.
 *
 * @example
 * ```ts
 * import { fromBFloat16 } from "./half.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...fromBFloat16(Uint16Array.of(0x3f80, 0xc049))], [1, -3.140625]);
 * ```
 */
export function fromBFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(bits.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return floats;
}

/** The two 8-bit formats of Micikevicius et al. 2022, "FP8 Formats for Deep Learning". */
export type Float8 = "F8_E4M3" | "F8_E5M2";

/** 8-bit floats by table; every value is exact. */
export function fromFloat8(bits: Uint8Array, format: Float8): Float32Array<ArrayBuffer> {
  const table = format === "F8_E5M2" ? E5M2 : E4M3;
  return Float32Array.from(bits, (byte) => table[byte]!);
}

/** Five bits of exponent: the upper half of a 16-bit float. */
const E5M2: Float32Array = Float32Array.from(
  new Float16Array(Uint16Array.from({ length: 256 }, (_, byte) => byte << 8).buffer),
);

/** Four bits of exponent with bias 7; no infinities, and one NaN of either sign. */
const E4M3: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  const sign = byte & 0x80 ? -1 : 1;
  const exponent = (byte >> 3) & 15;
  const fraction = byte & 7;
  if (exponent === 15 && fraction === 7) return NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10));
});
