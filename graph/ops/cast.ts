/** Conversion of element types. @module */
import type { OpDefinition } from "../op.ts";
import { type DType, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `cast`. */
export interface CastAttributes {
  /** The new type. */
  readonly to: DType;
}

/** The same numbers in another type: floats round to nearest, ties to even; integers truncate. */
export const castOp: OpDefinition<"cast"> = {
  name: "cast",
  inputs: "x",
  summary: "The same numbers in another type: halves are rounded to even, whole numbers truncated.",
  infer([x], { to }) {
    return { shape: x!.shape, dtype: to };
  },
  cases: [
    {
      name: "to half precision",
      inputs: [{
        ...f32(10),
        values: {
          kind: "values",
          values: [0, 1, -1.0009765625, 65504, 3e-8, 6e-8, 1e-5, 0.1, 2049, 2051],
        },
      }],
      attributes: { to: "f16" },
    },
    {
      name: "to whole numbers",
      inputs: [{ ...f32(4), values: { kind: "values", values: [1.9, -1.9, 0.5, 77] } }],
      attributes: { to: "i32" },
    },
    {
      name: "from whole numbers",
      inputs: [{ shape: [3], dtype: "i32", values: { kind: "values", values: [0, -5, 16777216] } }],
      attributes: { to: "f32" },
    },
    {
      name: "from bytes",
      inputs: [{ shape: [3], dtype: "u8", values: { kind: "values", values: [0, 1, 255] } }],
      attributes: { to: "f32" },
    },
  ],
};

/** The same numbers in another type. */
export function cast(x: Tensor, options: CastAttributes): Tensor {
  return apply(castOp, [x], options);
}
