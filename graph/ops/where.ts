/** Choice. @module */
import { broadcast } from "../broadcast.ts";
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** `where` has no attributes. */
export type WhereAttributes = Readonly<Record<never, never>>;

const MASK = { kind: "uniform", low: 0, high: 2 } as const;

/** a where the condition is not 0, else b. */
export const whereOp: OpDefinition<"where"> = {
  name: "where",
  inputs: "condition, a, b",
  summary: "a where the condition (bytes) is not 0, else b; with broadcasting.",
  infer([condition, a, b]) {
    if (condition!.dtype !== "u8" || a!.dtype !== "f32" || b!.dtype !== "f32") {
      throw new ShapeError(
        `choose by ${describe(condition!)} between ${describe(a!)} and ${describe(b!)}`,
        "the condition must be of bytes, the others of 32-bit floats",
      );
    }
    return f32(...broadcast("choose among", [condition!.shape, a!.shape, b!.shape]));
  },
  cases: [
    {
      name: "equal shapes",
      inputs: [{ shape: [3, 5], dtype: "u8", values: MASK }, f32(3, 5), f32(3, 5)],
      attributes: {},
    },
    {
      name: "stretched",
      inputs: [{ shape: [2, 1, 4], dtype: "u8", values: MASK }, f32(2, 3, 4), f32()],
      attributes: {},
    },
  ],
};

/** `a` where `condition` is not 0, else `b`. */
export function where(
  condition: Tensor,
  options: { readonly a: Tensor; readonly b: Tensor },
): Tensor {
  return apply(whereOp, [condition, options.a, options.b], {});
}
