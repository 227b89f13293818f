/** Quantiles. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** Of the sorted row: the number at rank q (size - 1), linear between the two nearest; NaN if the row has one */
export const quantile: Kernel<"quantile"> = ([x], { attributes: { q }, output: { shape } }) => {
  const size = x!.shape.at(-1)!;
  const y = new Float32Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    const row = Float32Array.from(x!.data.subarray(at * size, (at + 1) * size)).sort(); // NaN last
    const rank = q * (size - 1);
    const below = Math.floor(rank);
    const low = row[below]!;
    const high = row[Math.min(below + 1, size - 1)]!;
    y[at] = Number.isNaN(row.at(-1)!)
      ? NaN
      : rank === below
      ? low
      : low + (high - low) * (rank - below);
  }
  return y;
};
