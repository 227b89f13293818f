/**
 * Noise in the order in which a pipeline draws it.
 *
 * @module
 */
import { type HostTensorOf, sizeOf } from "../graph/tensor_spec.ts";
import { TorchGenerator } from "../random/torch_generator.ts";

/** Draws unit normals of a shape whose first axis counts pictures. */
export type NoiseStream = (shape: readonly number[]) => HostTensorOf<"f32">;

/**
 * The noise of a call: one generator for all pictures, as diffusers does with one seed, or one for each, which then draws for
 * its own picture only. What is drawn later follows from what was drawn before, whatever its shape.
 *
 * @example
 * ```ts
 * import { noiseStream } from "./noise_stream.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const each = noiseStream([5, 7]);
 * assertEquals(each([2, 3]).data.slice(3), noiseStream(7)([1, 3]).data);
 * ```
 * @throws {RangeError} When drawing for another number of pictures than there are seeds.
 */
export function noiseStream(seeds: number | readonly number[]): NoiseStream {
  if (typeof seeds === "number") {
    const generator = new TorchGenerator(seeds);
    return (shape) => ({
      dtype: "f32",
      shape,
      data: generator.randn(sizeOf(shape)) as Float32Array<ArrayBuffer>,
    });
  }
  const generators = seeds.map((seed) => new TorchGenerator(seed));
  return (shape) => {
    if (shape[0] !== generators.length) {
      throw new RangeError(
        `Cannot draw noise [${
          shape.join(", ")
        }] from ${generators.length} generators: each is for one picture`,
      );
    }
    const data = new Float32Array(sizeOf(shape));
    const each = data.length / generators.length;
    generators.forEach((generator, at) => data.set(generator.randn(each), at * each));
    return { dtype: "f32", shape, data };
  };
}
