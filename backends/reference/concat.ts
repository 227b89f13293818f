/** Joining tensors. @module */
import { allocate, sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** For every index before the axis, the inputs' runs one after the other */
export const concat: Kernel<"concat"> = (
  inputs,
  { attributes: { axis }, output: { shape, dtype } },
) => {
  const y = allocate(dtype, sizeOf(shape));
  const outer = sizeOf(shape.slice(0, axis));
  let to = 0;
  for (let at = 0; at < outer; at++) {
    for (const { data } of inputs) {
      const run = data.length / outer;
      y.set(data.subarray(at * run, (at + 1) * run), to);
      to += run;
    }
  }
  return y;
};
