/** Slices by index. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `gather`. */
export interface GatherAttributes {
  /** The axis that is indexed. */
  readonly axis: number;
}

const INDICES = { kind: "uniform", low: 0, high: 5 } as const;

/** Slices of x along an axis, chosen by indices; their axes replace it. */
export const gatherOp: OpDefinition<"gather"> = {
  name: "gather",
  inputs: "x, indices (whole numbers)",
  summary:
    "Slices of x along `axis`, chosen by indices, whose axes replace it. With axis 0: rows of a table.",
  infer([x, indices], { axis }) {
    const action = `gather from axis ${axis} of ${describe(x!)} by ${describe(indices!)}`;
    if (x!.shape[axis] === undefined) throw new ShapeError(action, "there is no such axis");
    if (indices!.dtype !== "i32") {
      throw new ShapeError(action, "indices must be whole numbers (i32)");
    }
    return {
      shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)],
      dtype: x!.dtype,
    };
  },
  cases: [
    {
      name: "rows",
      inputs: [f32(5, 7), { shape: [2, 3], dtype: "i32", values: INDICES }],
      attributes: { axis: 0 },
    },
    {
      name: "a middle axis",
      inputs: [f32(2, 5, 3), { shape: [4], dtype: "i32", values: INDICES }],
      attributes: { axis: 1 },
    },
    {
      name: "the last axis",
      inputs: [f32(3, 5), { shape: [6], dtype: "i32", values: INDICES }],
      attributes: { axis: 1 },
    },
  ],
};

/** Slices of `x` along `axis` chosen by `indices`. */
export function gather(
  x: Tensor,
  options: { readonly indices: Tensor; readonly axis: number },
): Tensor {
  return apply(gatherOp, [x, options.indices], { axis: options.axis });
}

/** Rows of a table `[count, d]` chosen by `ids`: `[..., d]`. */
export function embedding(ids: Tensor, options: { readonly table: Tensor }): Tensor {
  return gather(options.table, { indices: ids, axis: 0 });
}
