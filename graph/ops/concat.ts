/** Joining tensors. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `concat`. */
export interface ConcatAttributes {
  /** The axis along which the tensors follow each other. */
  readonly axis: number;
}

/** The inputs one after the other along an axis. */
export const concatOp: OpDefinition<"concat"> = {
  name: "concat",
  inputs: "x0, x1, ...",
  summary: "The inputs one after the other along `axis`.",
  infer(inputs, { axis }) {
    const action = `join ${inputs.map(describe).join(", ")} along axis ${axis}`;
    const first = inputs[0];
    if (first === undefined) throw new ShapeError(action, "there is nothing to join");
    if (first.shape[axis] === undefined) throw new ShapeError(action, "there is no such axis");
    for (const { shape, dtype } of inputs) {
      if (dtype !== first.dtype || shape.length !== first.shape.length) {
        throw new ShapeError(action, "types and ranks must be equal");
      }
      if (shape.some((size, at) => at !== axis && size !== first.shape[at])) {
        throw new ShapeError(action, "all other sizes must be equal");
      }
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return { shape: first.shape.map((size, at) => at === axis ? total : size), dtype: first.dtype };
  },
  cases: ([
    ["channels", [[2, 3, 4, 5], [2, 6, 4, 5]], 1],
    ["batch", [[1, 4], [2, 4], [3, 4]], 0],
    ["last axis", [[3, 2], [3, 5]], 1],
    ["one input", [[2, 3]], 0],
  ] as const).map(([name, inputs, axis]) => ({
    name,
    inputs: inputs.map((shape) => f32(...shape)),
    attributes: { axis },
  })),
};

/** The tensors one after the other along `axis`; negative axes count from the end. */
export function concat(tensors: readonly Tensor[], options: ConcatAttributes): Tensor {
  const rank = tensors[0]?.shape.length ?? 0;
  return apply(concatOp, tensors, { axis: options.axis < 0 ? options.axis + rank : options.axis });
}
