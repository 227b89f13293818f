/** Affine maps of the last axis. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** y[.., o] = bias[o] + sum over i of weight[o, i] x[.., i] */
export const linear: Kernel<"linear"> = ([x, weight, bias], { output: { shape } }) => {
  const [outs, inner] = weight!.shape as [number, number];
  const vectors = x!.data as Float32Array;
  const rows = weight!.data as Float32Array;
  const y = new Float32Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    const o = at % outs;
    const from = (at - o) / outs * inner;
    const row = o * inner;
    let sum = bias === undefined ? 0 : bias.data[o]!;
    for (let i = 0; i < inner; i++) sum += rows[row + i]! * vectors[from + i]!;
    y[at] = sum;
  }
  return y;
};
