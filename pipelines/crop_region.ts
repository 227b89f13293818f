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
 * @param mask One channel, white is repainted.
 * @param options The picture's sides are the mask's if they are not said.
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
  { padding, sides, picture = mask }: {
    readonly padding: number;
    readonly sides: Sides;
    readonly picture?: Sides;
  },
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
  // Before the mask is resized, which leaves traces of white all around.
  const across = scaled([left, right], { from: mask.width, to: picture.width });
  const down = scaled([top, bottom], { from: mask.height, to: picture.height });
  [left, right] = [Math.max(across[0] - padding, 0), Math.min(across[1] + padding, picture.width)];
  [top, bottom] = [Math.max(down[0] - padding, 0), Math.min(down[1] + padding, picture.height)];
  const ratio = sides.width / sides.height;
  if ((right - left) / (bottom - top) > ratio) {
    [top, bottom] = widen([top, bottom], { to: (right - left) / ratio, end: picture.height });
  } else {
    [left, right] = widen([left, right], { to: (bottom - top) * ratio, end: picture.width });
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** The whole positions that an interval has on an axis of another length. */
function scaled(
  [from, to]: readonly [number, number],
  length: { readonly from: number; readonly to: number },
): [number, number] {
  return [
    Math.floor(from * length.to / length.from),
    Math.ceil(to * length.to / length.from),
  ];
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
