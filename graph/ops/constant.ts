/** Numbers that are part of the network. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { f32, sizeOf } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `constant`. */
export interface ConstantAttributes {
  /** The tensor's shape. */
  readonly shape: readonly number[];
  /** One number for every element, or one for all. */
  readonly values: readonly number[];
}

/** A tensor of given numbers. */
export const constantOp: OpDefinition<"constant"> = {
  name: "constant",
  inputs: "",
  summary: "The numbers `values`, or one number everywhere.",
  infer(_, { shape, values }) {
    if (values.length !== 1 && values.length !== sizeOf(shape)) {
      throw new ShapeError(
        `fill [${shape.join(", ")}] with ${values.length} numbers`,
        `it takes 1 or ${sizeOf(shape)}`,
      );
    }
    return f32(...shape);
  },
  cases: [
    { name: "a scalar", inputs: [], attributes: { shape: [], values: [0.1] } },
    { name: "one number everywhere", inputs: [], attributes: { shape: [2, 3], values: [-2.5] } },
    { name: "a table", inputs: [], attributes: { shape: [2, 2], values: [1, 2, 3, 4e-8] } },
  ],
};

/** The numbers `values`, row-major, or one number everywhere. */
export function constant(
  values: readonly number[],
  options: { readonly shape?: readonly number[] } = {},
): Tensor {
  return apply(constantOp, [], { shape: options.shape ?? [values.length], values });
}
