/**
 * What a kernel of the reference is, and walks over broadcast tensors.
 *
 * @module
 */
import type { OpAttributes, OpName } from "../../graph/ops/mod.ts";
import type { DType, DTypeArray, HostTensor, TensorSpec } from "../../graph/tensor_spec.ts";

/** An application of an op. */
export interface Application<Op extends OpName> {
  /** The op's attributes. */
  readonly attributes: OpAttributes[Op];
  /** Shape and type of the result, as the op infers them. */
  readonly output: TensorSpec;
}

/** Computes an op in plain loops: sums in double precision, rounded once when they are stored. */
export type Kernel<Op extends OpName> = (
  inputs: readonly HostTensor[],
  application: Application<Op>,
) => DTypeArray[DType];

/** Strides of a dense tensor. */
export function strides(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  return steps;
}

/** Strides with which a tensor is walked as if it had the shape `to`: 0 along stretched axes. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const own = strides(shape);
  const missing = to.length - shape.length;
  return to.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]!
  );
}

/**
 * Offsets into a strided tensor for all indices of `shape`, in row-major order.
 *
 * @param start Offset of the first element.
 */
export function offsets(
  shape: readonly number[],
  options: { readonly strides: readonly number[]; readonly start?: number },
): Int32Array {
  let all = [options.start ?? 0];
  shape.forEach((size, axis) => {
    const step = options.strides[axis]!;
    const next = new Array<number>(all.length * size);
    let at = 0;
    for (const offset of all) {
      for (let index = 0; index < size; index++) next[at++] = offset + index * step;
    }
    all = next;
  });
  return Int32Array.from(all);
}
