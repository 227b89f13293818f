/** Functions of one number. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/**
 * Names of the functions. `gelu` is x/2 (1 + erf(x/√2)), `geluTanh` its approximation by tanh, `quickGelu` is
 * x sigmoid(1.702 x), `silu` is x sigmoid(x).
 */
export type UnaryFunction =
  | "abs"
  | "cos"
  | "exp"
  | "gelu"
  | "geluTanh"
  | "log"
  | "negate"
  | "quickGelu"
  | "relu"
  | "rsqrt"
  | "sigmoid"
  | "silu"
  | "sin"
  | "sqrt"
  | "tanh";

/** Attributes of `unary`. */
export interface UnaryAttributes {
  /** Which function. */
  readonly f: UnaryFunction;
}

const FUNCTIONS: readonly UnaryFunction[] = [
  "abs",
  "cos",
  "exp",
  "gelu",
  "geluTanh",
  "log",
  "negate",
  "quickGelu",
  "relu",
  "rsqrt",
  "sigmoid",
  "silu",
  "sin",
  "sqrt",
  "tanh",
];

const POSITIVE: readonly UnaryFunction[] = ["log", "rsqrt", "sqrt"];

/** y = f(x), elementwise. */
export const unaryOp: OpDefinition<"unary"> = {
  name: "unary",
  inputs: "x",
  summary: "A function of one number, elementwise: `f`.",
  infer([x], { f }) {
    if (x!.dtype !== "f32") {
      throw new ShapeError(`take ${f} of ${describe(x!)}`, "it must be of 32-bit floats");
    }
    return x!;
  },
  cases: FUNCTIONS.flatMap((f) => [
    {
      name: `${f} of ordinary numbers`,
      inputs: [{
        ...f32(2, 3, 5),
        values: POSITIVE.includes(f)
          ? { kind: "uniform", low: 0.01, high: 9 } as const
          : { kind: "normal", scale: 3 } as const,
      }],
      attributes: { f },
    },
    {
      name: `${f} of extremes`,
      inputs: [{
        ...f32(10),
        values: {
          kind: "values",
          values: POSITIVE.includes(f)
            ? [1e-30, 1e-6, 1e-3, 0.5, 1, 2, 77, 1e3, 1e6, 1e30]
            : f === "exp"
            ? [-104, -50, -10, -1, 0, 1e-6, 1, 10, 50, 85]
            : [-1000, -100, -20, -6, 0, 1e-6, 3.3, 20, 100, 1000],
        } as const,
      }],
      attributes: { f },
    },
    {
      // Where f is near 0 there: formulas that lose digits by cancellation.
      name: `${f} of small numbers`,
      inputs: [{
        ...f32(3, 7),
        values: POSITIVE.includes(f)
          ? { kind: "uniform", low: 1e-4, high: 2e-3 } as const
          : { kind: "normal", scale: 1e-3 } as const,
      }],
      attributes: { f },
    },
    {
      name: `${f} of a scalar`,
      inputs: [{ ...f32(), values: { kind: "values", values: [0.7] } as const }],
      attributes: { f },
    },
  ]),
};

/** y = f(x), elementwise. */
export function unary(f: UnaryFunction, x: Tensor): Tensor {
  return apply(unaryOp, [x], { f });
}
/** x sigmoid(x) (Elfwing et al. 2017). */
export function silu(x: Tensor): Tensor {
  return unary("silu", x);
}
/** x/2 (1 + erf(x/√2)) (Hendrycks & Gimpel 2016). */
export function gelu(x: Tensor): Tensor {
  return unary("gelu", x);
}
/** Square root. */
export function sqrt(x: Tensor): Tensor {
  return unary("sqrt", x);
}
/** Natural exponential. */
export function exp(x: Tensor): Tensor {
  return unary("exp", x);
}
/** Absolute value. */
export function abs(x: Tensor): Tensor {
  return unary("abs", x);
}
