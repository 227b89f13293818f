/**
 * What a network says of images that it does not take.
 *
 * @module
 */
import { ShapeError } from "../graph/op.ts";
import { describe } from "../graph/tensor_spec.ts";
import type { Tensor } from "../graph/trace.ts";

/**
 * Checks the channels of `x [n, c, h, w]`: a convolution would take any number, and the weights be blamed for it.
 *
 * @param options What is done with x, as the message begins (`encode`), and the channels that it must have.
 * @throws {ShapeError} If x has others.
 */
export function requireChannels(
  x: Tensor,
  options: { readonly action: string; readonly channels: number },
): void {
  const { action, channels } = options;
  if (x.shape.length === 4 && x.size(1) === channels) return;
  throw new ShapeError(`${action} ${describe(x)}`, `it must be [n, ${channels}, height, width]`);
}
