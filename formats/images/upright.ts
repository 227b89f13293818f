/**
 * Turns a photo the way its camera was held.
 *
 * @module
 */
import type { Picture } from "./picture.ts";

/**
 * EXIF's numbers for where a stored picture's first row and column belong: 1 as stored, 2 mirrored,
 * 3 upside down, 4 flipped, 5 transposed, 6 to be turned clockwise, 7 transposed across the other
 * diagonal, 8 to be turned anticlockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * Turns a picture upright: mirrors and rotates it as its orientation asks. With 5 to 8 its sides swap.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { upright } from "./upright.ts";
 *
 * const stored = { width: 2, height: 1, channels: 1, data: Uint8Array.of(10, 20) } as const;
 * assertEquals(upright(stored, 3).data, Uint8Array.of(20, 10));
 * assertEquals(upright(stored, 6).height, 2);
 * ```
 */
export function upright(picture: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return picture;
  const { width: w, height: h, channels, data } = picture;
  const swapped = orientation >= 5;
  const [width, height] = swapped ? [h, w] : [w, h];
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = swapped ? y : x; // in the stored picture, before it is mirrored
      const row = swapped ? x : y;
      const from = (mirrorY ? h - 1 - row : row) * w + (mirrorX ? w - 1 - column : column);
      for (let c = 0; c < channels; c++) out[to++] = data[from * channels + c]!;
    }
  }
  return { width, height, channels, data: out };
}
