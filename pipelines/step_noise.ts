/**
 * Where the noise of the steps comes from.
 *
 * @module
 */
import { noiseSource } from "./settings.ts";

/**
 * The caller's own draws, or those of a generator of the steps' seed, or those of the generator that drew the first noise, which
 * goes on.
 */
export function stepNoise(
  { drawStep, stepSeed }: {
    readonly drawStep?: (() => Float32Array) | undefined;
    readonly stepSeed: number | undefined;
  },
  { draw, shape }: { readonly draw: () => Float32Array; readonly shape: readonly number[] },
): () => Float32Array {
  return drawStep ?? (stepSeed === undefined ? draw : noiseSource(stepSeed, shape));
}
