/** Gated linear units. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { erf } from "./erf.ts";
import type { Kernel } from "./kernel.ts";

/** First half of the last axis times gelu of the second half */
export const geglu: Kernel<"geglu"> = ([x], { output: { shape } }) => {
  const half = shape.at(-1)!;
  const y = new Float32Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    const from = Math.floor(at / half) * 2 * half + at % half;
    const gate = x!.data[from + half]!;
    y[at] = x!.data[from]! * (gate / 2 * (1 + erf(gate / Math.SQRT2)));
  }
  return y;
};
