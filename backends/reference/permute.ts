/** Other orders of axes. @module */
import { pick } from "./gathering.ts";
import { type Kernel, offsets, strides } from "./kernel.ts";

/** Output axis i is input axis order[i] */
export const permute: Kernel<"permute"> = ([x], { attributes: { order }, output: { shape } }) => {
  const own = strides(x!.shape);
  return pick(x!, { from: offsets(shape, { strides: order.map((axis) => own[axis]!) }) });
};
