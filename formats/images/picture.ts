/**
 * Pictures: bytes in rows, as files and screens hold them.
 *
 * @module
 */

/** A picture of 8-bit samples. */
export interface Picture {
  /** Pixels in a row, at least 1. */
  readonly width: number;
  /** Rows, at least 1. */
  readonly height: number;
  /** 1 is grey, 3 is red, green and blue, 4 adds alpha (not premultiplied; 255 is opaque). */
  readonly channels: 1 | 3 | 4;
  /** Samples `[height, width, channels]`, row-major. */
  readonly data: Uint8Array;
}

/** A picture file cannot be read, or a picture cannot be written in the wanted format. */
export class ImageError extends Error {
  /** The class's name, for reports. */
  override readonly name = "ImageError";
}

/**
 * Checks that a picture's data has the size that its other fields say.
 *
 * @throws {RangeError} If a side is not a positive integer, `channels` is not 1, 3 or 4, or `data`
 * has another length than `width * height * channels`.
 */
export function checkPicture(picture: Picture): void {
  const { width, height, channels, data } = picture;
  if (!(Number.isSafeInteger(width) && width > 0 && Number.isSafeInteger(height) && height > 0)) {
    throw new RangeError(`Cannot use a picture of ${width} x ${height} pixels: sides are positive`);
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new RangeError(`Cannot use a picture of ${channels} channels: 1, 3 or 4 are possible`);
  }
  if (data.length !== width * height * channels) {
    throw new RangeError(
      `Cannot use a picture of ${width} x ${height} x ${channels} with ${data.length} bytes: it has ${
        width * height * channels
      }`,
    );
  }
}
