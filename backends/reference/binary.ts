/** Functions of two numbers. @module */
import type { BinaryFunction } from "../../graph/ops/binary.ts";
import { sizeOf } from "../../graph/tensor_spec.ts";
import { broadcastStrides, type Kernel, offsets } from "./kernel.ts";

const FUNCTIONS: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: (a, b) => Math.min(a, b),
  maximum: (a, b) => Math.max(a, b),
};

/** y = f(a, b) */
export const binary: Kernel<"binary"> = ([a, b], { attributes: { f }, output: { shape } }) => {
  const apply = FUNCTIONS[f];
  const y = new Float32Array(sizeOf(shape));
  const left = a!.data;
  const right = b!.data;
  if (left.length === y.length && right.length === y.length) {
    for (let at = 0; at < y.length; at++) y[at] = apply(left[at]!, right[at]!);
    return y;
  }
  const atA = offsets(shape, { strides: broadcastStrides(a!.shape, shape) });
  const atB = offsets(shape, { strides: broadcastStrides(b!.shape, shape) });
  for (let at = 0; at < y.length; at++) y[at] = apply(left[atA[at]!]!, right[atB[at]!]!);
  return y;
};
