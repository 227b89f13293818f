/**
 * Noise that a caller gives.
 *
 * @module
 */
import {
  describe,
  f32,
  type HostTensor,
  type HostTensorOf,
  sameShape,
  sizeOf,
} from "../graph/tensor_spec.ts";
import { checkFinite } from "./image_output.ts";
import { SettingsError } from "./settings.ts";

/** @throws {SettingsError} If a tensor has more or fewer numbers than its shape says. */
export function checkCount(name: string, tensor: HostTensor): void {
  const size = sizeOf(tensor.shape);
  if (tensor.data.length === size) return;
  throw new SettingsError(
    `Cannot use ${name} ${describe(tensor)}: there are ${tensor.data.length} numbers, not ${size}`,
  );
}

/**
 * The initial noise of a call, if it is given.
 *
 * @throws {SettingsError} If it is of another shape or type.
 * @throws {NonFiniteError} If a number is not finite.
 */
export function readLatents(
  latents: HostTensor | undefined,
  shape: readonly number[],
): HostTensorOf<"f32"> | undefined {
  if (latents === undefined) return undefined;
  if (latents.dtype !== "f32" || !sameShape(latents.shape, shape)) {
    throw new SettingsError(
      `Cannot use latents ${describe(latents)}: they must be ${describe(f32(...shape))}`,
    );
  }
  checkCount("latents", latents);
  return checkFinite("latents", latents);
}
