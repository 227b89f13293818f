/** Parts of a tensor. @module */
import { pick } from "./gathering.ts";
import { type Kernel, offsets, strides } from "./kernel.ts";

/** Every step-th element from start */
export const slice: Kernel<"slice"> = ([x], { attributes: { start, step }, output: { shape } }) => {
  const own = strides(x!.shape);
  const first = start.reduce((sum, index, axis) => sum + index * own[axis]!, 0);
  const moved = own.map((stride, axis) => stride * step[axis]!);
  return pick(x!, { from: offsets(shape, { strides: moved, start: first }) });
};
