/**
 * Fills a hole with what its border says, and no more.
 *
 * @module
 */
import { type Hole, isInside } from "./hole.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** Sweeps end when no value moves by more than this, in levels. */
const SETTLED = 0.01;
/** More than holes of a hundred pixels a side take. */
const MOST_SWEEPS = 2000;

/**
 * The smoothest filling: every pixel of the hole is the mean of its neighbours (Laplace's equation), and pixels around it are
 * given. Where the hole ends at the picture's edge, nothing pulls. Solved by successive over-relaxation (Young 1954).
 */
export function smoothFill(picture: RgbPicture, hole: Hole): RgbPicture {
  const values = Float64Array.from(picture.data);
  fillWithBorderMean(values, { picture, hole });
  const side = Math.max(hole.right - hole.left, hole.bottom - hole.top);
  // The best factor for a square of which all sides are given.
  const factor = 2 / (1 + Math.sin(Math.PI / (side + 1)));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    if (relax(values, { picture, hole, factor }) < SETTLED) break;
  }
  const data = picture.data.slice();
  eachPixel(hole, picture.width, (pixel) => {
    for (let at = 3 * pixel; at < 3 * pixel + 3; at++) {
      data[at] = Math.round(Math.min(Math.max(values[at]!, 0), 255));
    }
  });
  return { ...picture, data };
}

interface Filling {
  readonly picture: RgbPicture;
  readonly hole: Hole;
}

function eachPixel(hole: Hole, width: number, visit: (pixel: number) => void): void {
  for (let row = hole.top; row < hole.bottom; row++) {
    for (let column = hole.left; column < hole.right; column++) visit(row * width + column);
  }
}

/** The pixels beside one that the picture has. */
function neighboursOf(pixel: number, { width, height }: RgbPicture): number[] {
  const near: number[] = [];
  if (pixel >= width) near.push(pixel - width);
  if (pixel % width > 0) near.push(pixel - 1);
  if (pixel % width < width - 1) near.push(pixel + 1);
  if (pixel + width < width * height) near.push(pixel + width);
  return near;
}

/** Where sweeps start: nothing of what was in the hole is left. */
function fillWithBorderMean(values: Float64Array, { picture, hole }: Filling): void {
  const { width, data } = picture;
  const sums = [0, 0, 0];
  let count = 0;
  eachPixel(hole, width, (pixel) => {
    for (const near of neighboursOf(pixel, picture)) {
      if (isInside(hole, { column: near % width, row: Math.floor(near / width) })) continue;
      for (let channel = 0; channel < 3; channel++) sums[channel]! += data[3 * near + channel]!;
      count++;
    }
  });
  eachPixel(hole, width, (pixel) => {
    // A hole as large as the picture has no border: middle gray.
    const mean = (channel: number) => count === 0 ? 127.5 : sums[channel]! / count;
    for (let channel = 0; channel < 3; channel++) values[3 * pixel + channel] = mean(channel);
  });
}

/** One sweep over the hole; returns by how much the value that moved most did. */
function relax(
  values: Float64Array,
  { picture, hole, factor }: Filling & { readonly factor: number },
): number {
  let most = 0;
  eachPixel(hole, picture.width, (pixel) => {
    const near = neighboursOf(pixel, picture);
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0;
      for (const neighbour of near) sum += values[3 * neighbour + channel]!;
      const at = 3 * pixel + channel;
      const move = factor * (sum / near.length - values[at]!);
      values[at]! += move;
      most = Math.max(most, Math.abs(move));
    }
  });
  return most;
}
