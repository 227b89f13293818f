/**
 * The random numbers of PyTorch's CPU generator.
 *
 * torch fills tensors of fewer than 16 normals one by one, in double precision, and longer ones by blocks of 16, in
 * single precision and with the vector functions of the processor it runs on. The small draws here equal torch's; of
 * the long ones we give the exact formula rounded once, from which torch's own builds differ by up to about 2e-6.
 *
 * @module
 */
import { checkSize } from "./check_size.ts";
import { MT19937 } from "./mt19937.ts";
import type { NoiseGenerator } from "./noise_generator.ts";
import { seedWords } from "./seed.ts";

/** Normals that torch makes at once; fewer are made one by one. */
const BLOCK = 16;

/** From this size on, torch numbers permutations with another algorithm. */
const LARGEST_PERMUTATION = Math.floor((2 ** 32 - 1) / 20);

/** The bounds of {@linkcode TorchGenerator.randint}. */
export interface IntegerRange {
  /** The lowest integer. Default 0. */
  readonly low?: number;
  /** One more than the highest integer. */
  readonly high: number;
}

/**
 * `torch.Generator().manual_seed(seed)`: a Mersenne Twister seeded by the low 32 bits of the seed, and one normal that a
 * small odd draw left over.
 *
 * @example The latents that torch starts from for seed 7
 * ```ts
 * import { TorchGenerator } from "./torch_generator.ts";
 *
 * const generator = new TorchGenerator(7);
 * const latents = generator.randn(1 * 4 * 64 * 64); // torch.randn(1, 4, 64, 64, generator=generator)
 * const steps = generator.randint(2, { high: 1000 }); // torch.randint(0, 1000, (2,), generator=generator)
 * ```
 */
export class TorchGenerator implements NoiseGenerator {
  readonly #engine: MT19937;
  #kept: number | undefined;

  /**
   * Starts the sequence of a seed.
   *
   * @throws {RangeError} If the seed is not an integer that torch takes; see {@linkcode seedWords}.
   */
  constructor(seed: number | bigint) {
    this.#engine = new MT19937(seedWords(seed).low);
  }

  /** `torch.rand`: multiples of 2^-24 in [0, 1). */
  rand(size: number): Float32Array {
    checkSize(size);
    return new Float32Array(size).map(() => this.#uniform24());
  }

  /** `torch.randn` in single precision. */
  randn(size: number): Float32Array {
    checkSize(size);
    const normals = new Float32Array(size);
    if (size < BLOCK) return normals.map(() => this.#normal());
    const uniforms = new Float64Array(size).map(() => this.#uniform24());
    for (let start = 0; start + BLOCK <= size; start += BLOCK) fillBlock(normals, uniforms, start);
    if (size % BLOCK !== 0) this.#fillLast(normals);
    return normals;
  }

  /**
   * `torch.randn` in half precision: the numbers of {@linkcode TorchGenerator.randn}, rounded, but that here the
   * uniforms of an incomplete last block are never drawn.
   */
  randnHalf(size: number): Float16Array {
    checkSize(size);
    const whole = size - size % BLOCK;
    if (whole === size || size < BLOCK) return new Float16Array(this.randn(size));
    const normals = new Float32Array(size);
    normals.set(this.randn(whole));
    this.#fillLast(normals);
    return new Float16Array(normals);
  }

  /**
   * `torch.randint`: integers in [low, high), as word mod (high - low).
   *
   * @returns Integers, which doubles hold exactly up to 2^53.
   * @throws {RangeError} If the bounds are not safe integers, low below high.
   */
  randint(size: number, { low = 0, high }: IntegerRange): Float64Array {
    checkSize(size);
    const span = high - low;
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && span > 0)) {
      throw new RangeError(
        `Cannot draw integers from ${low} up to but not including ${high}: give safe integers, the first the lower`,
      );
    }
    if (span < 2 ** 28) {
      return new Float64Array(size).map(() => low + this.#engine.next() % span);
    }
    const [first, count] = [BigInt(low), BigInt(high) - BigInt(low)];
    return new Float64Array(size).map(() => Number(first + this.#word64() % count));
  }

  /**
   * `torch.randperm`: the integers from 0 up to `size` - 1 in random order, by swapping each with one after it or itself.
   *
   * @throws {RangeError} If there are 2^32 / 20 or more, which torch orders by another algorithm.
   */
  randperm(size: number): Int32Array {
    checkSize(size);
    if (size >= LARGEST_PERMUTATION) {
      throw new RangeError(
        `Cannot permute ${size} integers: fewer than ${LARGEST_PERMUTATION} are supported`,
      );
    }
    const order = new Int32Array(size).map((_, i) => i);
    for (let i = 0; i < size - 1; i++) {
      const j = i + this.#engine.next() % (size - i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  /** A uniform of 24 bits. */
  #uniform24(): number {
    return (this.#engine.next() & 0xffffff) * 2 ** -24;
  }

  /** A uniform of 53 bits: the low ones of a 64-bit word, whose high half is drawn first. */
  #uniform53(): number {
    const high = this.#engine.next();
    return ((high & 0x1fffff) * 2 ** 32 + this.#engine.next()) * 2 ** -53;
  }

  /** A 64-bit word, its high half drawn first. */
  #word64(): bigint {
    const high = BigInt(this.#engine.next());
    return high << 32n | BigInt(this.#engine.next());
  }

  /** One normal in double precision (Box and Muller 1958). Its pair is kept for the next, whatever is drawn between. */
  #normal(): number {
    const kept = this.#kept;
    if (kept !== undefined) {
      this.#kept = undefined;
      return kept;
    }
    const angle = 2 * Math.PI * this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Makes the last 16 normals anew, from uniforms of their own. */
  #fillLast(normals: Float32Array): void {
    const last = normals.subarray(normals.length - BLOCK);
    fillBlock(last, new Float64Array(BLOCK).map(() => this.#uniform24()), 0);
  }
}

/** Box-Muller on 16 uniforms: the first eight give radii, the others angles, a cosine to the first eight normals. */
function fillBlock(normals: Float32Array, uniforms: Float64Array, start: number): void {
  const half = BLOCK / 2;
  for (let i = start; i < start + half; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniforms[i]!));
    const angle = 2 * Math.PI * uniforms[i + half]!;
    normals[i] = radius * Math.cos(angle);
    normals[i + half] = radius * Math.sin(angle);
  }
}
