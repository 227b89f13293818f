/**
 * The element type that nearly all ops compute in.
 *
 * @module
 */
import { ShapeError } from "./op.ts";
import { describe, type TensorSpec } from "./tensor_spec.ts";

/**
 * Fails unless all tensors are of 32-bit floats.
 *
 * @param action What is tried, for the error: `convolve f32[1, 4, 8, 8] with …`.
 * @throws {ShapeError} Naming the first that is not.
 */
export function requireFloats(
  action: string,
  tensors: readonly (TensorSpec | undefined)[],
): void {
  const other = tensors.find((tensor) => tensor !== undefined && tensor.dtype !== "f32");
  if (other !== undefined) {
    throw new ShapeError(action, `${describe(other)} is not of 32-bit floats`);
  }
}
