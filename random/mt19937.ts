/**
 * The Mersenne Twister, M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
 * pseudo-random number generator", ACM TOMACS 8 (1998).
 *
 * @module
 */

/** Words of state. */
const N = 624;
/** Offset of the word that a word is mixed with. */
const M = 397;

/**
 * MT19937, seeded with the authors' `init_genrand` of 2002.
 *
 * @example
 * ```ts
 * import { MT19937 } from "./mt19937.ts";
 *
 * const engine = new MT19937(5489);
 * engine.next(); // 3499211612, the first word of the authors' default seed
 * ```
 */
export class MT19937 {
  readonly #state = new Int32Array(N);
  #position = N;

  /** @param seed Only its low 32 bits count. */
  constructor(seed: number) {
    let word = seed | 0;
    this.#state[0] = word;
    for (let i = 1; i < N; i++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) | 0;
      this.#state[i] = word;
    }
  }

  /** The next word, an unsigned 32-bit integer. */
  next(): number {
    if (this.#position === N) {
      twist(this.#state);
      this.#position = 0;
    }
    let word = this.#state[this.#position++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }
}

/** Replaces every word of the state: x[k+n] = x[k+m] ^ (upper bit of x[k] | lower bits of x[k+1]) A, eq. 2.1. */
function twist(state: Int32Array): void {
  for (let k = 0; k < N; k++) {
    const joined = (state[k]! & 0x80000000) | (state[(k + 1) % N]! & 0x7fffffff);
    state[k] = state[(k + M) % N]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}
