/**
 * Python's `random.Random`.
 *
 * @module
 */

const N = 624;
const M = 397;

/** `random.Random(seed)` for a small seed: the Mersenne Twister, seeded by the authors' `init_by_array`. */
export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #position = N;

  /** @param seed A whole number below 2^32: an array of one word. */
  constructor(seed: number) {
    const x = this.#state;
    x[0] = 19650218;
    for (let i = 1; i < N; i++) x[i] = Math.imul(1812433253, x[i - 1]! ^ (x[i - 1]! >>> 30)) + i;
    let i = 1;
    const advance = () => {
      if (++i < N) return;
      x[0] = x[N - 1]!;
      i = 1;
    };
    const mixed = (factor: number) => x[i]! ^ Math.imul(x[i - 1]! ^ (x[i - 1]! >>> 30), factor);
    for (let k = 0; k < N; k++, advance()) x[i] = mixed(1664525) + seed;
    for (let k = 0; k < N - 1; k++, advance()) x[i] = mixed(1566083941) - i;
    x[0] = 0x80000000;
  }

  /** The next float in 0..1, of 53 bits: `random()`. */
  random(): number {
    const [high, low] = [this.#next() >>> 5, this.#next() >>> 6];
    return (high * 67108864 + low) / 9007199254740992;
  }

  #next(): number {
    if (this.#position === N) this.#twist();
    let word = this.#state[this.#position++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  #twist(): void {
    const x = this.#state;
    for (let k = 0; k < N; k++) {
      const joined = (x[k]! & 0x80000000) | (x[(k + 1) % N]! & 0x7fffffff);
      x[k] = x[(k + M) % N]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}
