/** Affine maps of the last axis. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { dotRows } from "./dot_rows.ts";
import type { Kernel } from "./kernel.ts";

/** y[.., o] = bias[o] + sum over i of weight[o, i] x[.., i] */
export const linear: Kernel<"linear"> = ([x, weight, bias], { output: { shape } }) => {
  const [outs, inner] = weight!.shape as [number, number];
  const vector = x!.data as Float32Array;
  const rows = weight!.data as Float32Array;
  const y = new Float32Array(sizeOf(shape));
  const sums = new Float64Array(outs);
  for (let at = 0, to = 0; to < y.length; at += inner, to += outs) {
    if (bias === undefined) sums.fill(0);
    else sums.set(bias.data);
    dotRows(sums, { count: outs, rows, first: 0, vector, at, length: inner });
    y.set(sums, to);
  }
  return y;
};
