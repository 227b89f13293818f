/** Functions of one number. @module */
import type { UnaryFunction } from "../../graph/ops/unary.ts";
import { erf } from "./erf.ts";
import type { Kernel } from "./kernel.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The definition of every function, in double precision. */
const FUNCTIONS: Readonly<Record<UnaryFunction, (x: number) => number>> = {
  abs: Math.abs,
  cos: Math.cos,
  exp: Math.exp,
  gelu: (x) => x / 2 * (1 + erf(x / Math.SQRT2)),
  geluTanh: (x) => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  log: Math.log,
  negate: (x) => -x,
  quickGelu: (x) => x * sigmoid(1.702 * x),
  relu: (x) => x < 0 ? 0 : x,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  sin: Math.sin,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
};

/** y = f(x) */
export const unary: Kernel<"unary"> = ([x], { attributes: { f } }) => {
  const apply = FUNCTIONS[f];
  const y = new Float32Array(x!.data.length);
  for (let at = 0; at < y.length; at++) y[at] = apply(x!.data[at]!);
  return y;
};
