/** Running sums. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `cumsum`. */
export interface CumsumAttributes {
  /** Along which axis. */
  readonly axis: number;
}

/** Sum of all elements up to and with each, along an axis. */
export const cumsumOp: OpDefinition<"cumsum"> = {
  name: "cumsum",
  inputs: "x",
  summary: "Running sums along `axis`.",
  infer([x], { axis }) {
    const action = `sum ${describe(x!)} along axis ${axis}`;
    requireFloats(action, [x]);
    if (x!.shape[axis] === undefined) {
      throw new ShapeError(action, "there is no such axis");
    }
    return x!;
  },
  cases: [
    { name: "last axis", inputs: [f32(3, 7)], attributes: { axis: 1 } },
    { name: "first axis", inputs: [f32(5, 2, 3)], attributes: { axis: 0 } },
    { name: "long", inputs: [f32(1, 1000)], attributes: { axis: 1 } },
  ],
};

/** Running sums along `axis`. */
export function cumsum(x: Tensor, options: CumsumAttributes): Tensor {
  return apply(cumsumOp, [x], {
    axis: options.axis < 0 ? options.axis + x.shape.length : options.axis,
  });
}
