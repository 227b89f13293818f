/** Functions of two numbers. @module */
import { broadcast } from "../broadcast.ts";
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, Tensor } from "../trace.ts";
import { constant } from "./constant.ts";

/** Names of the functions. */
export type BinaryFunction = "add" | "sub" | "mul" | "div" | "minimum" | "maximum";

/** Attributes of `binary`. */
export interface BinaryAttributes {
  /** Which function. */
  readonly f: BinaryFunction;
}

const FUNCTIONS: readonly BinaryFunction[] = ["add", "sub", "mul", "div", "minimum", "maximum"];

/** y = f(a, b), elementwise with broadcasting. */
export const binaryOp: OpDefinition<"binary"> = {
  name: "binary",
  inputs: "a, b",
  summary: "A function of two numbers, elementwise with broadcasting: `f`.",
  infer([a, b], { f }) {
    if (a!.dtype !== "f32" || b!.dtype !== "f32") {
      throw new ShapeError(
        `${f} ${describe(a!)} and ${describe(b!)}`,
        "both must be of 32-bit floats",
      );
    }
    return f32(...broadcast(f, [a!.shape, b!.shape]));
  },
  cases: FUNCTIONS.flatMap((f) => {
    const b = f === "div"
      ? { kind: "uniform", low: 0.5, high: 3 } as const
      : { kind: "normal" } as const;
    return ([
      ["equal shapes", [2, 3, 5], [2, 3, 5]],
      ["a scalar", [3, 7], []],
      ["a channel", [2, 6, 3, 4], [6, 1, 1]],
      ["a row", [4, 9], [9]],
      ["both stretched", [3, 1, 5], [4, 1]],
      ["more than a workgroup", [2, 33, 70], [33, 1]],
    ] as const).map(([name, left, right]) => ({
      name: `${f}: ${name}`,
      inputs: [f32(...left), { ...f32(...right), values: b }],
      attributes: { f },
    }));
  }),
};

/** A tensor, or a number that stands for a scalar. */
export type Operand = Tensor | number;

function lift(operand: Operand): Tensor {
  return operand instanceof Tensor ? operand : constant([operand], { shape: [] });
}

/** y = f(a, b), elementwise with broadcasting. */
export function binary(f: BinaryFunction, operands: readonly [Operand, Operand]): Tensor {
  return apply(binaryOp, operands.map(lift), { f });
}
/** a + b */
export function add(a: Operand, b: Operand): Tensor {
  return binary("add", [a, b]);
}
/** a - b */
export function sub(a: Operand, b: Operand): Tensor {
  return binary("sub", [a, b]);
}
/** a b */
export function mul(a: Operand, b: Operand): Tensor {
  return binary("mul", [a, b]);
}
/** a / b */
export function div(a: Operand, b: Operand): Tensor {
  return binary("div", [a, b]);
}
/** The lesser of a and b. */
export function minimum(a: Operand, b: Operand): Tensor {
  return binary("minimum", [a, b]);
}
/** The greater of a and b. */
export function maximum(a: Operand, b: Operand): Tensor {
  return binary("maximum", [a, b]);
}
