/**
 * The part of a picture around what is repainted.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { Sides } from "./given_pictures.ts";
import { SettingsError } from "./settings.ts";

/** A part of a picture, in pixels from its upper left. */
export interface Region extends Sides {
  readonly left: number;
  readonly top: number;
}

/**
 * The smallest part that holds all of a mask that is not black, widened by `padding` on each side, then along one axis to the
 * proportions of `sides` as far as the picture goes; it is moved inwards where it would reach over an edge. The reference's
 * `get_crop_region`.
 *
 * @param mask One channel, of the picture's size.
 * @throws {SettingsError} If the mask is black everywhere.
 *
 * @example
 * ```ts
 * import { cropRegion } from "./crop_region.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const mask = { width: 6, height: 4, channels: 1, data: new Uint8Array(24) } as const;
 * mask.data[2 * 6 + 1] = 255;
 * const square = { width: 8, height: 8 };
 * assertEquals(cropRegion(mask, { padding: 1, sides: square }), { left: 0, top: 1, width: 3, height: 3 });
 * ```
 */
export function cropRegion(
  mask: Picture,
  { padding, sides }: { readonly padding: number; readonly sides: Sides },
): Region {
  let [left, top, right, bottom] = [mask.width, mask.height, 0, 0];
  mask.data.forEach((value, at) => {
    if (value === 0) return;
    const [x, y] = [at % mask.width, Math.floor(at / mask.width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  });
  if (right === 0) {
    throw new SettingsError("Cannot crop around the mask: it is black, nothing would be repainted");
  }
  [left, right] = [Math.max(left - padding, 0), Math.min(right + padding, mask.width)];
  [top, bottom] = [Math.max(top - padding, 0), Math.min(bottom + padding, mask.height)];
  const ratio = sides.width / sides.height;
  if ((right - left) / (bottom - top) > ratio) {
    [top, bottom] = widen([top, bottom], { to: (right - left) / ratio, end: mask.height });
  } else {
    [left, right] = widen([left, right], { to: (bottom - top) * ratio, end: mask.width });
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Widens an interval about its middle, within 0 to `end`. */
function widen(
  [from, to]: readonly [number, number],
  wanted: { readonly to: number; readonly end: number },
): [number, number] {
  const more = Math.trunc(wanted.to - (to - from));
  const first = from - Math.floor(more / 2);
  const size = to - from + more;
  const moved = Math.max(0, Math.min(first, wanted.end - size));
  return [moved, Math.min(moved + size, wanted.end)];
}

/** Cuts a part out of a picture. */
export function cropPicture(picture: Picture, { left, top, width, height }: Region): Picture {
  const { channels } = picture;
  const data = new Uint8Array(width * height * channels);
  const run = width * channels;
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(from, from + run), y * run);
  }
  return { width, height, channels, data };
}
