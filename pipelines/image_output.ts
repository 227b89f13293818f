/**
 * From decoded tensors to pictures.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";

/** A result holds numbers that are not finite: a network overflowed. */
export class NonFiniteError extends Error {
  /** The name of this class. */
  override name = "NonFiniteError";
}

/**
 * Passes a tensor of floats on if all its numbers are finite.
 *
 * @throws {NonFiniteError} Saying how many are not and where the first is.
 */
export function checkFinite(what: string, tensor: HostTensor): HostTensorOf<"f32"> {
  if (tensor.dtype !== "f32") {
    throw new TypeError(`Cannot check ${what}: it is of ${tensor.dtype}, not f32`);
  }
  const first = tensor.data.findIndex((x) => !Number.isFinite(x));
  if (first === -1) return tensor;
  const count = tensor.data.reduce((sum, x) => sum + (Number.isFinite(x) ? 0 : 1), 0);
  throw new NonFiniteError(
    `Cannot use ${what}: ${count} of ${tensor.data.length} numbers are not finite, the first is ` +
      `${tensor.data[first]} at ${first}; full precision, other guidance or other weights may help`,
  );
}

/** From -1..1 to 0..1, clamped, as the reference does in float32: x / 2 + 1/2. */
export function toUnitInterval({ shape, data }: HostTensorOf<"f32">): HostTensorOf<"f32"> {
  const unit = data.map((x) => Math.min(1, Math.max(0, Math.fround(x / 2) + 0.5)));
  return { dtype: "f32", shape, data: unit };
}

/** Pictures from `[n, 3, h, w]` in 0..1: bytes are round(255 x), ties to even, as numpy rounds. */
export function toPictures(tensor: HostTensorOf<"f32">): Picture[] {
  const [n, c, height, width] = tensor.shape as [number, number, number, number];
  const plane = height * width;
  return Array.from({ length: n }, (_, image) => {
    const data = new Uint8Array(plane * c);
    for (let channel = 0; channel < c; channel++) {
      const from = (image * c + channel) * plane;
      for (let pixel = 0; pixel < plane; pixel++) {
        data[pixel * c + channel] = roundHalfEven(Math.fround(255 * tensor.data[from + pixel]!));
      }
    }
    return { width, height, channels: c as Picture["channels"], data };
  });
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
