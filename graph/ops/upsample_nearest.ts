/** Enlarging by whole factors. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `upsampleNearest`. */
export interface UpsampleNearestAttributes {
  /** Whole factors of height and width. */
  readonly scale: readonly [y: number, x: number];
}

/** Every pixel becomes a block. */
export const upsampleNearestOp: OpDefinition<"upsampleNearest"> = {
  name: "upsampleNearest",
  inputs: "x [n, c, h, w]",
  summary: "Every pixel becomes a block of `scale` pixels.",
  infer([x], { scale }) {
    const action = `enlarge ${describe(x!)} by ${scale.join(" x ")}`;
    requireFloats(action, [x]);
    if (x!.shape.length !== 4 || scale.some((factor) => !Number.isInteger(factor) || factor < 1)) {
      throw new ShapeError(
        action,
        "it takes four axes and whole factors",
      );
    }
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    return f32(n, c, h * scale[0], w * scale[1]);
  },
  cases: [
    { name: "twofold", inputs: [f32(2, 3, 4, 5)], attributes: { scale: [2, 2] } },
    { name: "unlike factors", inputs: [f32(1, 2, 3, 3)], attributes: { scale: [1, 4] } },
    { name: "one pixel", inputs: [f32(1, 5, 1, 1)], attributes: { scale: [3, 3] } },
  ],
};

/** Every pixel of `x [n, c, h, w]` becomes a block: 2x2 unless said otherwise. */
export function upsampleNearest(
  x: Tensor,
  options: Partial<UpsampleNearestAttributes> = {},
): Tensor {
  return apply(upsampleNearestOp, [x], { scale: options.scale ?? [2, 2] });
}
