/** Slices by index. @module */
import { allocate, sizeOf } from "../../graph/tensor_spec.ts";
import { InputError } from "../backend.ts";
import type { Kernel } from "./kernel.ts";

/** y[outer, i, inner] = x[outer, indices[i], inner] */
export const gather: Kernel<"gather"> = (
  [x, indices],
  { attributes: { axis }, output: { shape, dtype } },
) => {
  const size = x!.shape[axis]!;
  const inner = sizeOf(x!.shape.slice(axis + 1));
  const outer = sizeOf(x!.shape.slice(0, axis));
  const y = allocate(dtype, sizeOf(shape));
  let to = 0;
  for (let at = 0; at < outer; at++) {
    for (const index of indices!.data) {
      if (index < 0 || index >= size) {
        throw new InputError(`Cannot gather slice ${index} of ${size}`);
      }
      const from = (at * size + index) * inner;
      y.set(x!.data.subarray(from, from + inner), to);
      to += inner;
    }
  }
  return y;
};
