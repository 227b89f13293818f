/** Limits. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `clamp`. */
export interface ClampAttributes {
  /** Least value, or null. */
  readonly min: number | null;
  /** Greatest value, or null. */
  readonly max: number | null;
}

/** min(max(x, min), max), elementwise. */
export const clampOp: OpDefinition<"clamp"> = {
  name: "clamp",
  inputs: "x",
  summary: "x, but no less than `min` and no more than `max`.",
  infer([x], { min, max }) {
    if (x!.dtype !== "f32") {
      throw new ShapeError(`clamp ${describe(x!)}`, "it must be of 32-bit floats");
    }
    if (Number.isNaN(min) || Number.isNaN(max)) {
      throw new ShapeError(`clamp ${describe(x!)}`, `the limits ${min} and ${max} must be numbers`);
    }
    if (min !== null && max !== null && min > max) {
      throw new ShapeError(
        `clamp ${describe(x!)}`,
        `the least value ${min} is above the greatest ${max}`,
      );
    }
    return x!;
  },
  cases: [
    { name: "both", inputs: [f32(3, 7)], attributes: { min: -0.5, max: 0.7 } },
    { name: "least only", inputs: [f32(5)], attributes: { min: 0, max: null } },
    { name: "greatest only", inputs: [f32(5)], attributes: { min: null, max: 0.1 } },
  ],
};

/** x, but no less than `min` and no more than `max`; an absent limit does not limit. */
export function clamp(
  x: Tensor,
  options: { readonly min?: number; readonly max?: number },
): Tensor {
  return apply(clampOp, [x], { min: options.min ?? null, max: options.max ?? null });
}
