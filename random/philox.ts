/**
 * Philox, a counter-based generator: J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011. Any word can be had at once from its number and the key.
 *
 * @module
 */

/** The multipliers of the two halves of the counter, table 2 of the paper. */
const [MULTIPLIER_0, MULTIPLIER_1] = [0xd2511f53, 0xcd9e8d57];
/** What is added to the key after each round: the golden ratio and sqrt(3) - 1. */
const [WEYL_0, WEYL_1] = [0x9e3779b9, 0xbb67ae85];

/** Where a call of {@linkcode philox4x32} reads and writes. */
export interface PhiloxWords {
  /** Four words. */
  readonly counter: ArrayLike<number>;
  /** Two words. */
  readonly key: ArrayLike<number>;
}

/**
 * Philox4x32-10: enciphers a counter of four words with a key of two, in ten rounds.
 *
 * @param into Takes the four words, which it also returns.
 *
 * @example
 * ```ts
 * import { philox4x32 } from "./philox.ts";
 *
 * philox4x32({ counter: [0, 0, 0, 0], key: [0, 0] }); // [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
 * ```
 */
export function philox4x32(
  { counter, key }: PhiloxWords,
  into: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let [a, b, c, d] = [counter[0]! | 0, counter[1]! | 0, counter[2]! | 0, counter[3]! | 0];
  let [key0, key1] = [key[0]! | 0, key[1]! | 0];
  for (let round = 0; round < 10; round++) {
    const next = highWord(c, MULTIPLIER_1) ^ b ^ key0;
    const other = highWord(a, MULTIPLIER_0) ^ d ^ key1;
    b = Math.imul(c, MULTIPLIER_1);
    d = Math.imul(a, MULTIPLIER_0);
    a = next;
    c = other;
    key0 = (key0 + WEYL_0) | 0;
    key1 = (key1 + WEYL_1) | 0;
  }
  into[0] = a;
  into[1] = b;
  into[2] = c;
  into[3] = d;
  return into;
}

/** The high 32 bits of a product of two unsigned words, by halves, because a double holds 53 bits only. */
function highWord(x: number, y: number): number {
  const [xLow, xHigh, yLow, yHigh] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = xHigh * yLow + (xLow * yLow >>> 16); // below 2^32
  const cross = xLow * yHigh + (middle & 0xffff); // below 2^32
  return (xHigh * yHigh + (middle >>> 16) + (cross >>> 16)) | 0;
}
