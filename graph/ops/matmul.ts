/** Products of matrices. @module */
import { broadcast } from "../broadcast.ts";
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `matmul`. */
export interface MatmulAttributes {
  /** Swap b's last two axes first. */
  readonly transposeB: boolean;
}

/** y[.., i, j] = sum over k of a[.., i, k] b[.., k, j]. */
export const matmulOp: OpDefinition<"matmul"> = {
  name: "matmul",
  inputs: "a [..., m, k], b [..., k, n]",
  summary: "Products of matrices; leading axes broadcast. With `transposeB`, b is [..., n, k].",
  infer([a, b], { transposeB }) {
    const action = `multiply [${a!.shape.join(", ")}] by [${b!.shape.join(", ")}]${
      transposeB ? " transposed" : ""
    }`;
    if (a!.dtype !== "f32" || b!.dtype !== "f32") {
      throw new ShapeError(
        action,
        `they are ${describe(a!)} and ${describe(b!)}, not of 32-bit floats`,
      );
    }
    if (a!.shape.length < 2 || b!.shape.length < 2) {
      throw new ShapeError(action, "both need two axes or more");
    }
    const inner = b!.shape.at(transposeB ? -1 : -2)!;
    if (a!.shape.at(-1) !== inner) {
      throw new ShapeError(action, `inner sizes differ (${a!.shape.at(-1)}, ${inner})`);
    }
    const leading = broadcast("multiply stacks", [
      a!.shape.slice(0, -2),
      b!.shape.slice(0, -2),
      [],
    ]);
    return f32(...leading, a!.shape.at(-2)!, b!.shape.at(transposeB ? -2 : -1)!);
  },
  cases: ([
    ["two matrices", [5, 7], [7, 3], false],
    ["transposed", [2, 4, 9], [2, 6, 9], true],
    ["b stretched", [3, 2, 5, 4], [4, 6], false],
    ["both stretched", [3, 1, 4, 5], [2, 5, 3], false],
    ["column times row", [6, 1], [1, 7], false],
    ["row times column", [1, 130], [130, 1], false],
    ["long inner axis", [3, 1031], [1031, 5], false],
    ["beyond a tile", [70, 33], [33, 65], false],
    ["beyond a tile, transposed", [2, 65, 40], [2, 34, 40], true],
  ] as const).map(([name, a, b, transposeB]) => ({
    name,
    inputs: [f32(...a), f32(...b)],
    attributes: { transposeB },
  })),
};

/** a b, matrices in the last two axes; `transposeB` takes b as [..., n, k]. */
export function matmul(
  operands: readonly [Tensor, Tensor],
  options: { readonly transposeB?: boolean } = {},
): Tensor {
  return apply(matmulOp, operands, { transposeB: options.transposeB ?? false });
}
