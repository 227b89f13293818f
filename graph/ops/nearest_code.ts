/** Vector quantisation. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** `nearestCode` has no attributes. */
export type NearestCodeAttributes = Readonly<Record<never, never>>;

/** The index of the nearest row of a codebook, by squared distance; the lowest index of equals. */
export const nearestCodeOp: OpDefinition<"nearestCode"> = {
  name: "nearestCode",
  inputs: "z [n, d], codebook [k, d]",
  summary: "For each row of z the index of the codebook's nearest row, the lowest of equals.",
  infer([z, codebook]) {
    const action = `find ${describe(z!)} in the codebook ${describe(codebook!)}`;
    requireFloats(action, [z, codebook]);
    if (
      z!.shape.length !== 2 || codebook!.shape.length !== 2 || z!.shape[1] !== codebook!.shape[1]
    ) {
      throw new ShapeError(
        action,
        "both must be [count, width] of one width",
      );
    }
    return { shape: [z!.shape[0]!], dtype: "i32" };
  },
  cases: [
    { name: "plain", inputs: [f32(37, 3), f32(29, 3)], attributes: {} },
    { name: "one code", inputs: [f32(5, 2), f32(1, 2)], attributes: {} },
    {
      name: "equal codes",
      inputs: [f32(6, 2), {
        ...f32(4, 2),
        values: { kind: "values", values: [1, 1, -1, 0, 1, 1, -1, 0] },
      }],
      attributes: {},
    },
    { name: "beyond a workgroup", inputs: [f32(300, 4), f32(130, 4)], attributes: {} },
    { name: "many codes", inputs: [f32(20, 3), f32(1300, 3)], attributes: {} },
    {
      name: "equal codes far apart",
      inputs: [f32(6, 1), {
        ...f32(1100, 1),
        values: { kind: "values", values: Array.from({ length: 1100 }, (_, at) => at % 3 - 1) },
      }],
      attributes: {},
    },
  ],
};

/** For each row of `z [n, d]` the index of the nearest row of `codebook [k, d]`. */
export function nearestCode(z: Tensor, options: { readonly codebook: Tensor }): Tensor {
  return apply(nearestCodeOp, [z, options.codebook], {});
}
