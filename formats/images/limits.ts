/**
 * How large a picture file may be, judged by its header before anything is decoded.
 *
 * @module
 */
import { ImageError } from "./picture.ts";

/** Bounds on what is decoded. */
export interface ImageLimits {
  /** Most pixels, width times height; 64 megapixels (8192 by 8192) if absent. */
  readonly maxPixels?: number;
  /** Longest file, in bytes; four for each pixel of `maxPixels` if absent. */
  readonly maxBytes?: number;
}

const MAX_PIXELS = 2 ** 26;

/** @throws {ImageError} If the file is longer than allowed. */
export function checkFileSize(bytes: Uint8Array, limits: ImageLimits): void {
  const cap = limits.maxBytes ?? 4 * (limits.maxPixels ?? MAX_PIXELS);
  if (bytes.length > cap) {
    throw new ImageError(`Cannot decode an image file of ${bytes.length} bytes: the cap is ${cap}`);
  }
}

/** @throws {ImageError} If a side is 0 or there are more pixels than allowed. */
export function checkDimensions(
  size: { readonly format: string; readonly width: number; readonly height: number },
  limits: ImageLimits,
): void {
  const { format, width, height } = size;
  const cap = limits.maxPixels ?? MAX_PIXELS;
  const what = `Cannot decode a ${format} of ${width} x ${height} pixels`;
  if (width < 1 || height < 1) throw new ImageError(`${what}: sides are positive`);
  if (width * height > cap) {
    throw new ImageError(`${what}: that is ${width * height}, the cap is ${cap} pixels`);
  }
}
