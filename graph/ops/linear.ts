/** Affine maps of the last axis. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";
import { add } from "./binary.ts";
import { matmul } from "./matmul.ts";

/** `linear` has no attributes. */
export type LinearAttributes = Readonly<Record<never, never>>;

/** y[.., o] = bias[o] + sum over i of weight[o, i] x[.., i]. */
export const linearOp: OpDefinition<"linear"> = {
  name: "linear",
  inputs: "x [..., in], weight [out, in], bias [out]?",
  summary: "An affine map of the last axis.",
  infer([x, weight, bias]) {
    const action = `map ${describe(x!)} by ${describe(weight!)}`;
    requireFloats(action, [x, weight, bias]);
    if (weight!.shape.length !== 2) throw new ShapeError(action, "the weight must have two axes");
    const [out, inner] = weight!.shape as [number, number];
    if (x!.shape.length < 1 || x!.shape.at(-1) !== inner) {
      throw new ShapeError(action, `the last axis must be of size ${inner}`);
    }
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== out)) {
      throw new ShapeError(action, `the bias is ${describe(bias)}, not [${out}]`);
    }
    return f32(...x!.shape.slice(0, -1), out);
  },
  decompose([x, weight, bias]) {
    const y = matmul([x!, weight!], { transposeB: true });
    return bias === undefined ? y : add(y, bias);
  },
  cases: ([
    ["a matrix", [5, 7], 9, true],
    ["a batch", [2, 5, 8], 6, true],
    ["no bias", [2, 3, 4], 5, false],
    ["one feature", [4, 1], 3, true],
    ["beyond a tile", [2, 77, 40], 67, true],
    ["one row", [1, 320], 129, true],
  ] as const).map(([name, x, out, bias]) => ({
    name,
    inputs: [f32(...x), f32(out, x.at(-1)!)].concat(bias ? [f32(out)] : []),
    attributes: {},
  })),
};

/** `x [..., in]` mapped by `weight [out, in]` and `bias [out]`. */
export function linear(
  x: Tensor,
  options: { readonly weight: Tensor; readonly bias?: Tensor | undefined },
): Tensor {
  const { weight, bias } = options;
  return apply(linearOp, bias === undefined ? [x, weight] : [x, weight, bias], {});
}
