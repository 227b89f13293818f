/**
 * The random numbers of PyTorch's CUDA generator.
 *
 * @module
 */
import { checkSize } from "./check_size.ts";
import type { NoiseGenerator } from "./noise_generator.ts";
import { philox4x32 } from "./philox.ts";
import { seedWords } from "./seed.ts";

/** Threads in a block of torch's kernels. */
const BLOCK = 256;

/** Threads that an A100 holds at once: 108 multiprocessors of 2048. */
const A100_THREADS = 108 * 2048;

/** 2^-32 and 2 pi 2^-32 as floats: one step of a word in [0, 1) and around the circle. */
const [UNIT, TURN] = [2 ** -32, Math.fround(2 ** -32 * 2 * Math.PI)];

/** Settings of {@linkcode PhiloxGenerator}. */
export interface PhiloxOptions {
  /**
   * The most threads that torch launches: the multiprocessors of the GPU times the threads that each holds. It matters
   * only for draws of more elements than that. Default 221184, an A100's.
   */
  readonly mostThreads?: number;
}

/**
 * `torch.Generator("cuda").manual_seed(seed)`. A draw is spread over threads; thread t of call k enciphers the counter
 * (k, t) under the key that the seed is, and its four words give elements t, t + threads, t + 2 threads and
 * t + 3 threads. CUDA's sine and cosine are approximate, so a GPU's numbers differ from these by up to about 1e-5.
 *
 * @example
 * ```ts
 * import { PhiloxGenerator } from "./philox_generator.ts";
 *
 * new PhiloxGenerator(0).randn(4); // -0.9247, -0.4253, -2.6438, 0.1452
 * ```
 */
export class PhiloxGenerator implements NoiseGenerator {
  readonly #key: readonly [number, number];
  readonly #mostThreads: number;
  /** Rounds of four words that each thread has had so far. */
  #offset = 0;

  /**
   * Starts the sequence of a seed.
   *
   * @throws {RangeError} If the seed is not an integer that torch takes (see {@linkcode seedWords}), or `mostThreads` not a
   * multiple of 256.
   */
  constructor(seed: number | bigint, { mostThreads = A100_THREADS }: PhiloxOptions = {}) {
    if (!(Number.isInteger(mostThreads / BLOCK) && mostThreads > 0)) {
      throw new RangeError(
        `Cannot launch at most ${mostThreads} threads: give a positive multiple of ${BLOCK}`,
      );
    }
    const { low, high } = seedWords(seed);
    this.#key = [low, high];
    this.#mostThreads = mostThreads;
  }

  /** `torch.randn` in single precision. */
  randn(size: number): Float32Array {
    checkSize(size);
    const normals = new Float32Array(size);
    const threads = Math.min(Math.ceil(size / BLOCK) * BLOCK, this.#mostThreads);
    const words = new Uint32Array(4);
    for (let start = 0; start < size; start += 4 * threads) {
      const counter = [this.#offset >>> 0, Math.floor(this.#offset / 2 ** 32), 0, 0];
      for (let thread = 0; thread < threads && start + thread < size; thread++) {
        counter[2] = thread;
        philox4x32({ counter, key: this.#key }, words);
        for (let k = 0; k < 4; k += 2) {
          const at = start + k * threads + thread;
          if (at >= size) break;
          const radius = radiusOf(words[k]!);
          const angle = angleOf(words[k + 1]!);
          normals[at] = radius * Math.sin(angle);
          if (at + threads < size) normals[at + threads] = radius * Math.cos(angle);
        }
      }
      this.#offset++;
    }
    return normals;
  }
}

/** Box-Muller's radius, of a uniform in (0, 1] that is a float, as cuRAND makes it. */
function radiusOf(word: number): number {
  return Math.sqrt(-2 * Math.log(Math.fround(Math.fround(word) * UNIT + UNIT / 2)));
}

/** Box-Muller's angle in (0, 2 pi], as a float. */
function angleOf(word: number): number {
  return Math.fround(Math.fround(word) * TURN + TURN / 2);
}
