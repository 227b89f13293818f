/** Quantiles. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `quantile`. */
export interface QuantileAttributes {
  /** Between 0 (the least) and 1 (the greatest). */
  readonly q: number;
}

/** The q-quantile of the last axis, linear between the two nearest ranks, as torch.quantile. */
export const quantileOp: OpDefinition<"quantile"> = {
  name: "quantile",
  inputs: "x [..., d]",
  summary: "The `q`-quantile of the last axis, linear between the two nearest ranks.",
  infer([x], { q }) {
    const action = `take the ${q}-quantile of ${describe(x!)}`;
    requireFloats(action, [x]);
    if (x!.shape.length === 0 || !(q >= 0 && q <= 1)) {
      throw new ShapeError(
        action,
        "it takes one axis or more and 0 <= q <= 1",
      );
    }
    return f32(...x!.shape.slice(0, -1));
  },
  cases: [
    { name: "median", inputs: [f32(3, 7)], attributes: { q: 0.5 } },
    { name: "between ranks", inputs: [f32(2, 10)], attributes: { q: 0.33 } },
    { name: "near the top", inputs: [f32(2, 300)], attributes: { q: 0.995 } },
    { name: "least", inputs: [f32(4, 5)], attributes: { q: 0 } },
    { name: "greatest", inputs: [f32(4, 5)], attributes: { q: 1 } },
    { name: "one element", inputs: [f32(4, 1)], attributes: { q: 0.4 } },
    {
      name: "equal numbers",
      inputs: [{ ...f32(2, 9), values: { kind: "uniform", low: 2, high: 2 } }],
      attributes: { q: 0.7 },
    },
  ],
};

/** The `q`-quantile of the last axis. */
export function quantile(x: Tensor, options: QuantileAttributes): Tensor {
  return apply(quantileOp, [x], options);
}
