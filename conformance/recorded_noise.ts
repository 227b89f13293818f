/**
 * Noise that a golden file holds, in the order in which it was drawn.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";

/** Gives out recorded draws `[draws, …]` one by one. */
export function recordedNoise({ shape, data }: HostTensor): () => Float32Array {
  const [draws, ...rest] = shape as [number, ...number[]];
  const size = rest.reduce((product, side) => product * side, 1);
  let next = 0;
  return () => {
    if (next === draws) throw new RangeError(`Cannot draw more than the ${draws} recorded times`);
    const at = next++ * size;
    return Float32Array.from({ length: size }, (_, k) => data[at + k]!);
  };
}
