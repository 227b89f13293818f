/** Means of windows. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `avgPool2d`. */
export interface AvgPool2dAttributes {
  /** Rows and columns of a window. */
  readonly kernel: readonly [y: number, x: number];
  /** Rows and columns between two windows. */
  readonly stride: readonly [y: number, x: number];
}

/** The mean of each window; incomplete windows are dropped. */
export const avgPool2dOp: OpDefinition<"avgPool2d"> = {
  name: "avgPool2d",
  inputs: "x [n, c, h, w]",
  summary: "The mean of each window; incomplete windows are dropped.",
  infer([x], { kernel, stride }) {
    const action = `average ${kernel.join(" x ")} windows of ${describe(x!)}`;
    requireFloats(action, [x]);
    if (x!.shape.length !== 4) throw new ShapeError(action, "it takes four axes");
    if ([...kernel, ...stride].some((size) => !Number.isInteger(size) || size < 1)) {
      throw new ShapeError(
        action,
        `sizes and the stride ${stride.join(" x ")} must be whole and positive`,
      );
    }
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    if (h < kernel[0] || w < kernel[1]) {
      throw new ShapeError(action, "the window is larger than the image");
    }
    return f32(
      n,
      c,
      Math.floor((h - kernel[0]) / stride[0]) + 1,
      Math.floor((w - kernel[1]) / stride[1]) + 1,
    );
  },
  cases: [
    { name: "2x2", inputs: [f32(2, 3, 6, 4)], attributes: { kernel: [2, 2], stride: [2, 2] } },
    {
      name: "odd sides",
      inputs: [f32(1, 2, 7, 5)],
      attributes: { kernel: [2, 2], stride: [2, 2] },
    },
    {
      name: "overlapping",
      inputs: [f32(1, 2, 6, 7)],
      attributes: { kernel: [3, 3], stride: [1, 2] },
    },
  ],
};

/** The mean of each window of `x [n, c, h, w]`; windows touch unless a stride is given. */
export function avgPool2d(
  x: Tensor,
  options: {
    readonly kernel: readonly [number, number];
    readonly stride?: readonly [number, number];
  },
): Tensor {
  return apply(avgPool2dOp, [x], {
    kernel: options.kernel,
    stride: options.stride ?? options.kernel,
  });
}
