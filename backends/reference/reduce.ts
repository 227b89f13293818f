/** Sums, means and maxima. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { type Kernel, offsets, strides } from "./kernel.ts";

/** For every index of the kept axes, sum, mean or maximum over the others */
export const reduce: Kernel<"reduce"> = ([x], { attributes: { f, axes }, output: { shape } }) => {
  const own = strides(x!.shape);
  const kept = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const along = (list: readonly number[]) =>
    offsets(list.map((axis) => x!.shape[axis]!), { strides: list.map((axis) => own[axis]!) });
  const first = along(kept);
  const members = along(axes);
  const y = new Float32Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    let result = f === "max" ? -Infinity : 0;
    for (let member = 0; member < members.length; member++) {
      const element = x!.data[first[at]! + members[member]!]!;
      result = f === "max" ? Math.max(result, element) : result + element;
    }
    y[at] = f === "mean" ? result / members.length : result;
  }
  return y;
};
