/**
 * Seeds as torch takes them.
 *
 * @module
 */

/** The two words of a 64-bit seed, each an unsigned 32-bit integer. */
export interface SeedWords {
  /** Bits 0 to 31. */
  readonly low: number;
  /** Bits 32 to 63. */
  readonly high: number;
}

/**
 * Splits a seed into 32-bit words; negative seeds are taken modulo 2^64, as `torch.Generator.manual_seed` does.
 *
 * @throws {RangeError} If the seed is not an integer in [-2^63, 2^64), or is a number beyond 2^53, where a double stands
 * for several integers: those have to be a bigint.
 */
export function seedWords(seed: number | bigint): SeedWords {
  if (typeof seed === "number" && !(Number.isInteger(seed) && Math.abs(seed) <= 2 ** 53)) {
    throw new RangeError(
      `Cannot seed a generator with ${seed}: give an integer of at most 2^53, or a bigint`,
    );
  }
  const whole = BigInt(seed);
  if (whole < -(2n ** 63n) || whole >= 2n ** 64n) {
    throw new RangeError(
      `Cannot seed a generator with ${whole}: give an integer from -2^63 up to 2^64 - 1`,
    );
  }
  return {
    low: Number(BigInt.asUintN(32, whole)),
    high: Number(BigInt.asUintN(32, whole >> 32n)),
  };
}
