/** Gated linear units. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";
import { mul } from "./binary.ts";
import { slice } from "./slice.ts";
import { gelu } from "./unary.ts";

/** `geglu` has no attributes. */
export type GegluAttributes = Readonly<Record<never, never>>;

/** y = a gelu(b) where x = [a, b] along the last axis (Shazeer 2020). */
export const gegluOp: OpDefinition<"geglu"> = {
  name: "geglu",
  inputs: "x [..., 2 d]",
  summary: "First half of the last axis times gelu of the second half.",
  infer([x]) {
    const action = `gate ${describe(x!)}`;
    requireFloats(action, [x]);
    const width = x!.shape.at(-1);
    if (width === undefined || width % 2 !== 0) {
      throw new ShapeError(action, "the last axis must have an even size");
    }
    return f32(...x!.shape.slice(0, -1), width / 2);
  },
  decompose([x]) {
    const half = x!.size(-1) / 2;
    const axis = x!.shape.length - 1;
    return mul(
      slice(x!, { axis, start: 0, stop: half }),
      gelu(slice(x!, { axis, start: half, stop: 2 * half })),
    );
  },
  cases: [
    { name: "a matrix", inputs: [f32(5, 8)], attributes: {} },
    { name: "a batch", inputs: [f32(2, 3, 14)], attributes: {} },
    {
      name: "large",
      inputs: [{ ...f32(3, 70), values: { kind: "normal", scale: 20 } }],
      attributes: {},
    },
  ],
};

/** First half of the last axis times gelu of the second half. */
export function geglu(x: Tensor): Tensor {
  return apply(gegluOp, [x], {});
}
