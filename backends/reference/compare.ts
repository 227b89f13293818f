/** Comparisons. @module */
import type { Comparison } from "../../graph/ops/compare.ts";
import { sizeOf } from "../../graph/tensor_spec.ts";
import { broadcastStrides, type Kernel, offsets } from "./kernel.ts";

const COMPARISONS: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
};

/** 1 where f(a, b) holds, else 0 */
export const compare: Kernel<"compare"> = ([a, b], { attributes: { f }, output: { shape } }) => {
  const holds = COMPARISONS[f];
  const atA = offsets(shape, { strides: broadcastStrides(a!.shape, shape) });
  const atB = offsets(shape, { strides: broadcastStrides(b!.shape, shape) });
  const y = new Uint8Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    y[at] = holds(a!.data[atA[at]!]!, b!.data[atB[at]!]!) ? 1 : 0;
  }
  return y;
};
