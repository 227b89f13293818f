/**
 * Ops that only move elements: slice, permute, pad, gather, concat are each a table of source offsets.
 *
 * @module
 */
import { allocate, type DType, type DTypeArray, type HostTensor } from "../../graph/tensor_spec.ts";

/** y[i] = x[from[i]], or `otherwise` where from[i] is -1. */
export function pick(
  x: HostTensor,
  { from, otherwise = 0 }: { readonly from: Int32Array; readonly otherwise?: number },
): DTypeArray[DType] {
  const y = allocate(x.dtype, from.length);
  for (let at = 0; at < from.length; at++) {
    const source = from[at]!;
    y[at] = source < 0 ? otherwise : x.data[source]!;
  }
  return y;
}
