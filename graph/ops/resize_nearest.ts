/** Resizing by the nearest pixel. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `resizeNearest`. */
export interface ResizeNearestAttributes {
  /** New height and width. */
  readonly size: readonly [h: number, w: number];
}

/**
 * Source row of output row i: min(floor(i s), n - 1), s = in / out; s and i s are each rounded to float32, as torch's
 * `interpolate` does, so some rows differ from exact arithmetic.
 */
export function nearestSource(
  index: number,
  sizes: { readonly from: number; readonly to: number },
): number {
  const scale = Math.fround(sizes.from / sizes.to);
  return Math.min(Math.floor(Math.fround(index * scale)), sizes.from - 1);
}

/** The pixel above and left of each output pixel's corner. */
export const resizeNearestOp: OpDefinition<"resizeNearest"> = {
  name: "resizeNearest",
  inputs: "x [n, c, h, w]",
  summary:
    "Resizes an image to `size` by taking source row min(floor(i in / out), in - 1), columns likewise.",
  infer([x], { size }) {
    const action = `resize ${describe(x!)} to ${size.join(" x ")}`;
    requireFloats(action, [x]);
    if (x!.shape.length !== 4 || size.some((side) => !Number.isInteger(side) || side < 1)) {
      throw new ShapeError(
        action,
        "it takes four axes and positive sizes",
      );
    }
    return f32(x!.shape[0]!, x!.shape[1]!, ...size);
  },
  cases: [
    { name: "down", inputs: [f32(1, 2, 9, 7)], attributes: { size: [4, 3] } },
    { name: "up", inputs: [f32(2, 1, 3, 4)], attributes: { size: [7, 9] } },
    { name: "to one pixel", inputs: [f32(1, 2, 5, 5)], attributes: { size: [1, 1] } },
    { name: "rounded scale", inputs: [f32(1, 1, 49, 49)], attributes: { size: [147, 98] } },
  ],
};

/** Resizes `x [n, c, h, w]` to `size` by the nearest pixel. */
export function resizeNearest(x: Tensor, options: ResizeNearestAttributes): Tensor {
  return apply(resizeNearestOp, [x], options);
}
