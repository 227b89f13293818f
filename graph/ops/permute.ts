/** Other orders of axes. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `permute`. */
export interface PermuteAttributes {
  /** Output axis i is input axis order[i]. */
  readonly order: readonly number[];
}

/** Axes in another order. */
export const permuteOp: OpDefinition<"permute"> = {
  name: "permute",
  inputs: "x",
  summary: "Axes in another order: output axis i is input axis `order[i]`.",
  infer([x], { order }) {
    const sorted = [...order].sort((a, b) => a - b);
    if (order.length !== x!.shape.length || sorted.some((axis, at) => axis !== at)) {
      throw new ShapeError(
        `permute ${describe(x!)} by [${order.join(", ")}]`,
        "the order must name each axis once",
      );
    }
    return { shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  cases: [
    { name: "heads forward", inputs: [f32(2, 7, 3, 4)], attributes: { order: [0, 2, 1, 3] } },
    { name: "channels last", inputs: [f32(1, 5, 4, 6)], attributes: { order: [0, 2, 3, 1] } },
    { name: "reverse", inputs: [f32(2, 3, 4)], attributes: { order: [2, 1, 0] } },
    { name: "identity", inputs: [f32(3, 4)], attributes: { order: [0, 1] } },
    { name: "five axes", inputs: [f32(2, 3, 2, 4, 3)], attributes: { order: [4, 0, 3, 1, 2] } },
  ],
};

/** Axes in another order: output axis i is input axis `order[i]`. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  return apply(permuteOp, [x], { order });
}
