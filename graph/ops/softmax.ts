/** Softmax. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `softmax`. */
export interface SoftmaxAttributes {
  /** The axis that sums to 1. */
  readonly axis: number;
}

/** exp(x - max) / sum exp(x - max) along an axis. */
export const softmaxOp: OpDefinition<"softmax"> = {
  name: "softmax",
  inputs: "x",
  summary: "exp(x) / sum exp(x) along `axis`, safe for large x.",
  infer([x], { axis }) {
    const action = `take softmax of ${describe(x!)}`;
    requireFloats(action, [x]);
    if (x!.shape[axis] === undefined) {
      throw new ShapeError(action, `it has no axis ${axis}`);
    }
    return x!;
  },
  cases: [
    { name: "last axis", inputs: [f32(3, 5, 7)], attributes: { axis: 2 } },
    { name: "first axis", inputs: [f32(6, 4)], attributes: { axis: 0 } },
    { name: "middle axis", inputs: [f32(2, 9, 5)], attributes: { axis: 1 } },
    {
      name: "large numbers",
      inputs: [{ ...f32(4, 9), values: { kind: "normal", scale: 300 } }],
      attributes: { axis: 1 },
    },
    { name: "one element", inputs: [f32(3, 1)], attributes: { axis: 1 } },
    { name: "long", inputs: [f32(2, 1031)], attributes: { axis: 1 } },
  ],
};

/** exp(x) / sum exp(x) along `axis`. */
export function softmax(x: Tensor, options: SoftmaxAttributes): Tensor {
  return apply(softmaxOp, [x], {
    axis: options.axis < 0 ? options.axis + x.shape.length : options.axis,
  });
}
