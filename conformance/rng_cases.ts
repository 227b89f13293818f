/**
 * Golden cases of random numbers: the words of the two engines, and what torch's generators make of them.
 *
 * @module
 */
import type { Comparison } from "./comparison.ts";
import { sizeOf } from "../graph/tensor_spec.ts";
import { MT19937 } from "../random/mt19937.ts";
import { philox4x32 } from "../random/philox.ts";
import { PhiloxGenerator } from "../random/philox_generator.ts";
import { randnTensor } from "../random/randn_tensor.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import type { GoldenCase } from "./golden_case.ts";

/** torch makes 16 normals or more in single precision and with its processor's vector functions. */
const SINGLE_PRECISION = 5e-6;
/** CUDA's sine and cosine are approximate. */
const CUDA_FUNCTIONS = 1e-5;

/** One draw of a case of kind `torch_random`. */
type Call =
  | { readonly fn: "rand"; readonly shape: readonly number[]; readonly dtype: string }
  | { readonly fn: "randn"; readonly shape: readonly number[]; readonly dtype: string }
  | {
    readonly fn: "randint";
    readonly shape: readonly number[];
    readonly low: number;
    readonly high: number;
  }
  | { readonly fn: "randperm"; readonly n: number };

/** The settings of each kind. Seeds are bigints where a double would not hold them. */
type Settings =
  | { readonly kind: "mt19937"; readonly generator_seed: number | bigint; readonly count: number }
  | {
    readonly kind: "torch_random";
    readonly generator_seed: number | bigint;
    readonly calls: readonly Call[];
  }
  | {
    readonly kind: "randn_tensor";
    readonly generator_seeds: readonly (number | bigint)[];
    readonly shapes: readonly (readonly number[])[];
  }
  | { readonly kind: "philox4x32" }
  | {
    readonly kind: "philox_random";
    readonly generator_seed: number | bigint;
    readonly shapes: readonly (readonly number[])[];
    readonly most_threads: number;
    readonly keep: readonly number[] | null;
  };

/**
 * Computes every output of a case.
 *
 * @throws {Error} If the case is of another kind, draws what no generator here draws, or lacks a tensor.
 */
export function runRngCase(golden: GoldenCase): readonly Comparison[] {
  const settings = golden.settings as unknown as Settings;
  switch (settings.kind) {
    case "mt19937": {
      const engine = new MT19937(Number(BigInt.asUintN(32, BigInt(settings.generator_seed))));
      const actual = new Uint32Array(settings.count).map(() => engine.next());
      return [{ name: "output.words", actual, expected: words(golden, "output.words"), bound: 0 }];
    }
    case "torch_random": {
      const generator = new TorchGenerator(settings.generator_seed);
      return settings.calls.map((call, i) => {
        const name = `output.draw.${i}`;
        const expected = tensor(golden, name);
        return { name, actual: draw(generator, call), expected, bound: callBound(call, expected) };
      });
    }
    case "randn_tensor": {
      const generators = settings.generator_seeds.map((seed) => new TorchGenerator(seed));
      return settings.shapes.map((shape, i) => {
        const name = `output.draw.${i}`;
        const actual = randnTensor(shape, generators);
        const expected = tensor(golden, name);
        return { name, actual, expected, bound: normalBound(actual.length / generators.length) };
      });
    }
    case "philox4x32": {
      const expected = words(golden, "output.words");
      const [counters, keys] = [words(golden, "input.counter"), words(golden, "input.key")];
      const actual = new Uint32Array(counters.length);
      for (let row = 0; 4 * row < counters.length; row++) {
        const counter = counters.subarray(4 * row, 4 * row + 4);
        const key = keys.subarray(2 * row, 2 * row + 2);
        philox4x32({ counter, key }, actual.subarray(4 * row, 4 * row + 4));
      }
      return [{ name: "output.words", actual, expected, bound: 0 }];
    }
    case "philox_random": {
      const { generator_seed, shapes, most_threads, keep } = settings;
      const generator = new PhiloxGenerator(generator_seed, { mostThreads: most_threads });
      return shapes.map((shape, i) => {
        const name = `output.draw.${i}`;
        const whole = generator.randn(sizeOf(shape));
        const actual = keep === null ? whole : keep.map((position) => whole[position] ?? NaN);
        return { name, actual, expected: tensor(golden, name), bound: CUDA_FUNCTIONS };
      });
    }
    default:
      throw new Error(
        `Cannot run a case of kind ${golden.settings.kind}: it is not about random numbers`,
      );
  }
}

function draw(generator: TorchGenerator, call: Call): ArrayLike<number> {
  switch (call.fn) {
    case "rand":
      if (call.dtype === "float32") return generator.rand(sizeOf(call.shape));
      break;
    case "randn":
      if (call.dtype === "float32") return generator.randn(sizeOf(call.shape));
      if (call.dtype === "float16") return generator.randnHalf(sizeOf(call.shape));
      break;
    case "randint":
      return generator.randint(sizeOf(call.shape), call);
    case "randperm":
      return generator.randperm(call.n);
  }
  throw new Error(`Cannot draw ${JSON.stringify(call)}: no generator here has it`);
}

function callBound(call: Call, expected: ArrayLike<number>): number {
  if (call.fn !== "randn") return 0;
  const bound = normalBound(sizeOf(call.shape));
  if (bound === 0 || call.dtype !== "float16") return bound;
  // Where the exact number is within `bound` of the middle of two halves, torch may round to the other one.
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return 2 ** (Math.floor(Math.log2(largest)) - 10);
}

function normalBound(size: number): number {
  return size < 16 ? 0 : SINGLE_PRECISION;
}

function tensor({ tensors }: GoldenCase, name: string): ArrayLike<number> {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`Cannot run the case: it has no tensor ${name}`);
  return found.data;
}

/** A tensor of unsigned 32-bit integers, which golden files are read with as signed ones. */
function words(golden: GoldenCase, name: string): Uint32Array {
  return Uint32Array.from(tensor(golden, name));
}
