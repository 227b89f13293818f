/** Other shapes of the same elements. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32, sizeOf } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `reshape`. */
export interface ReshapeAttributes {
  /** The new shape, of as many elements. */
  readonly shape: readonly number[];
}

/** The same elements in the same order, in another shape. */
export const reshapeOp: OpDefinition<"reshape"> = {
  name: "reshape",
  inputs: "x",
  summary: "The same elements in the same order, in another `shape`.",
  infer([x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x!.shape)) {
      throw new ShapeError(
        `reshape ${describe(x!)} to [${shape.join(", ")}]`,
        `they have ${sizeOf(x!.shape)} and ${sizeOf(shape)} elements`,
      );
    }
    return { shape, dtype: x!.dtype };
  },
  cases: [
    { name: "flatten", inputs: [f32(2, 3, 4, 5)], attributes: { shape: [2, 3, 20] } },
    { name: "split heads", inputs: [f32(2, 7, 12)], attributes: { shape: [2, 7, 3, 4] } },
    { name: "add ones", inputs: [f32(6)], attributes: { shape: [1, 6, 1] } },
    { name: "scalar", inputs: [f32(1)], attributes: { shape: [] } },
  ],
};

/** The same elements in another shape. One size may be -1: it is what remains. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const known = shape.reduce((product, size) => size === -1 ? product : product * size, 1);
  return apply(reshapeOp, [x], {
    shape: shape.map((size) => size === -1 ? sizeOf(x.shape) / known : size),
  });
}
