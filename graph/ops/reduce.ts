/** Sums, means and maxima. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `reduce`. */
export interface ReduceAttributes {
  /** What is taken of the elements. */
  readonly f: "sum" | "mean" | "max";
  /** Over which axes, in rising order. */
  readonly axes: readonly number[];
  /** Leave the axes as size 1. */
  readonly keepDims: boolean;
}

/** Sum, mean or maximum over axes. */
export const reduceOp: OpDefinition<"reduce"> = {
  name: "reduce",
  inputs: "x",
  summary: "Sum, mean or maximum (`f`) over `axes`.",
  infer([x], { f, axes, keepDims }) {
    const action = `take the ${f} of ${describe(x!)} over [${axes.join(", ")}]`;
    requireFloats(action, [x]);
    if (new Set(axes).size !== axes.length || axes.some((axis) => x!.shape[axis] === undefined)) {
      throw new ShapeError(action, "axes must exist and stand once");
    }
    const shape = x!.shape.flatMap((size, axis) =>
      axes.includes(axis) ? (keepDims ? [1] : []) : [size]
    );
    return f32(...shape);
  },
  cases: (["sum", "mean", "max"] as const).flatMap((f) => [
    {
      name: `${f} of the last axis`,
      inputs: [f32(2, 3, 5)],
      attributes: { f, axes: [2], keepDims: false },
    },
    {
      name: `${f} of the first axis`,
      inputs: [f32(4, 6)],
      attributes: { f, axes: [0], keepDims: true },
    },
    {
      name: `${f} of an image`,
      inputs: [f32(2, 3, 5, 4)],
      attributes: { f, axes: [2, 3], keepDims: false },
    },
    {
      name: `${f} of everything`,
      inputs: [f32(3, 7)],
      attributes: { f, axes: [0, 1], keepDims: false },
    },
    {
      name: `${f} of many`,
      inputs: [{ ...f32(2, 3000), values: { kind: "normal", offset: 10 } as const }],
      attributes: { f, axes: [1], keepDims: false },
    },
  ]),
};

/** Sum, mean or maximum over `axes` (all unless said otherwise). */
export function reduce(
  x: Tensor,
  options: {
    readonly f: ReduceAttributes["f"];
    readonly axes?: readonly number[];
    readonly keepDims?: boolean;
  },
): Tensor {
  const rank = x.shape.length;
  const axes = (options.axes ?? x.shape.map((_, axis) => axis)).map((axis) =>
    axis < 0 ? axis + rank : axis
  );
  return apply(reduceOp, [x], {
    f: options.f,
    axes: axes.sort((a, b) => a - b),
    keepDims: options.keepDims ?? false,
  });
}
