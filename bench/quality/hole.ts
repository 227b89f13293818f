/**
 * A hole in a picture of the Shapes world, around one of its things.
 *
 * @module
 */
import { RADII, type Thing } from "../../assets/shapes_world.ts";
import type { Picture } from "../../formats/images/picture.ts";
import { checkSameSize } from "./psnr.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** A rectangle of pixels. */
export interface Hole {
  /** The first column, from 0. */
  readonly left: number;
  /** The first row. */
  readonly top: number;
  /** The column after the last. */
  readonly right: number;
  /** The row after the last. */
  readonly bottom: number;
}

/** Half a side of the hole, in radii of the thing: room for every shape, though not for all of its shadow. */
const MARGIN = 1.3;

/**
 * A square around a thing, where it is inside the picture.
 *
 * @param size Width and height of the picture in pixels.
 */
export function holeAround({ x, y, size: words }: Thing, size: number): Hole {
  const reach = Math.trunc(RADII[words] * MARGIN * size / 2);
  const [column, row] = [x, y].map((at) => Math.trunc((at + 1) / 2 * size)) as [number, number];
  return {
    left: Math.max(column - reach, 0),
    top: Math.max(row - reach, 0),
    right: Math.min(column + reach, size),
    bottom: Math.min(row + reach, size),
  };
}

/** Whether a pixel, or a place between pixels, is in a hole. */
export function isInside(
  { left, top, right, bottom }: Hole,
  { column, row }: { readonly column: number; readonly row: number },
): boolean {
  return column >= left && column < right && row >= top && row < bottom;
}

/** A mask as inpainting takes it: 255 in the hole, else 0; one channel. */
export function holeMask(hole: Hole, size: number): Picture {
  const data = new Uint8Array(size * size);
  for (let row = hole.top; row < hole.bottom; row++) {
    data.fill(255, row * size + hole.left, row * size + hole.right);
  }
  return { height: size, width: size, channels: 1, data };
}

/** A picture whose hole shows what is there in another picture of its size. */
export function fillFrom(
  picture: RgbPicture,
  { filling, hole }: { readonly filling: RgbPicture; readonly hole: Hole },
): RgbPicture {
  const { width } = picture;
  const data = picture.data.slice();
  for (let row = hole.top; row < hole.bottom; row++) {
    const from = 3 * (row * width + hole.left);
    data.set(filling.data.subarray(from, 3 * (row * width + hole.right)), from);
  }
  return { ...picture, data };
}

/**
 * How many pixels outside a hole two pictures differ in.
 *
 * @throws {RangeError} If they differ in size.
 */
export function countChangedOutside(
  [one, other]: readonly [RgbPicture, RgbPicture],
  hole: Hole,
): number {
  checkSameSize(one, other);
  let changed = 0;
  for (let pixel = 0; pixel < one.width * one.height; pixel++) {
    const at = { column: pixel % one.width, row: Math.floor(pixel / one.width) };
    if (isInside(hole, at)) continue;
    const same = [0, 1, 2].every((channel) =>
      one.data[3 * pixel + channel] === other.data[3 * pixel + channel]
    );
    if (!same) changed++;
  }
  return changed;
}
