/**
 * Noise for a batch of images.
 *
 * @module
 */
import type { NoiseGenerator } from "./noise_generator.ts";

/**
 * diffusers' `randn_tensor`: with a list of generators, image i comes from generator i alone, so that it is the same
 * whatever else is in its batch. One generator, or a list of one, draws the whole tensor.
 *
 * @param shape Sizes, the batch first.
 * @throws {RangeError} If there are several generators but not one for each image.
 *
 * @example
 * ```ts
 * import { randnTensor } from "./randn_tensor.ts";
 * import { TorchGenerator } from "./torch_generator.ts";
 *
 * const generators = [1, 2].map((seed) => new TorchGenerator(seed));
 * const latents = randnTensor([2, 4, 8, 8], generators);
 * ```
 */
export function randnTensor(
  shape: readonly number[],
  generators: NoiseGenerator | readonly NoiseGenerator[],
): Float32Array {
  const list = "randn" in generators ? [generators] : generators;
  const size = shape.reduce((product, length) => product * length, 1);
  if (list.length === 1) return list[0]!.randn(size);
  if (list.length !== shape[0]) {
    throw new RangeError(
      `Cannot draw noise of shape [${
        shape.join(", ")
      }] with ${list.length} generators: give one, or ${shape[0] ?? 1}`,
    );
  }
  const tensor = new Float32Array(size);
  list.forEach((generator, image) => {
    tensor.set(generator.randn(size / list.length), image * size / list.length);
  });
  return tensor;
}
