/**
 * Several pictures in one.
 *
 * @module
 */
import type { Picture } from "./picture.ts";

/**
 * Pictures of one size side by side, in rows as many as columns or one fewer, on black.
 *
 * @throws {RangeError} If there are none, or their sizes or channels differ.
 *
 * @example
 * ```ts
 * import { pictureGrid } from "@denoise/denoise";
 *
 * const pixel = { width: 1, height: 1, channels: 1, data: Uint8Array.of(255) } as const;
 * const { width, height, data } = pictureGrid([pixel, pixel, pixel]);
 * [width, height, ...data]; // [2, 2, 255, 255, 255, 0]
 * ```
 */
export function pictureGrid(pictures: readonly Picture[]): Picture {
  const first = pictures[0];
  if (first === undefined) throw new RangeError("Cannot make a grid of no pictures");
  const { width, height, channels } = first;
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const stride = columns * width * channels;
  const data = new Uint8Array(rows * height * stride);
  pictures.forEach((picture, at) => {
    if (picture.width !== width || picture.height !== height || picture.channels !== channels) {
      throw new RangeError(
        `Cannot make a grid: picture ${at} is ${picture.width} x ${picture.height} x ${picture.channels}, ` +
          `the first is ${width} x ${height} x ${channels}`,
      );
    }
    const left = (at % columns) * width * channels;
    const top = Math.floor(at / columns) * height;
    const run = width * channels;
    for (let y = 0; y < height; y++) {
      data.set(picture.data.subarray(y * run, (y + 1) * run), (top + y) * stride + left);
    }
  });
  return { width: columns * width, height: rows * height, channels, data };
}
