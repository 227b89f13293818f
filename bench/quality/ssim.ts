/**
 * Structural similarity (Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, 2004).
 *
 * @module
 */
import { checkSameSize } from "./psnr.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** The paper's window: a Gaussian of this deviation, in pixels, over so many pixels a side. */
const SIGMA = 1.5;
const SIDE = 11;
/** The paper's constants, for bytes: (K1 L)^2 and (K2 L)^2. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Luma of red, green and blue (ITU-R BT.601). The paper compares gray pictures. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** Weights of the window along one axis; their sum is 1. */
const WINDOW = (() => {
  const weights = Array.from(
    { length: SIDE },
    (_, at) => Math.exp(-((at - (SIDE - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
})();

/** Numbers in rows. */
interface Plane {
  readonly width: number;
  readonly data: Float64Array;
}

/**
 * Mean structural similarity of the luma of two pictures, -1 to 1: 1 if they are the same. As in the paper's own program the
 * window stays inside the picture, and variances are those of the weighted population.
 *
 * @throws {RangeError} If the pictures differ in size, or a side has fewer than 11 pixels.
 *
 * @example A picture is like itself
 * ```ts
 * import { ssim } from "./ssim.ts";
 *
 * const picture = { height: 16, width: 16, data: Uint8Array.from({ length: 768 }, (_, i) => 37 * i) };
 * ssim(picture, picture); // 1
 * ```
 */
export function ssim(one: RgbPicture, other: RgbPicture): number {
  checkSameSize(one, other);
  if (Math.min(one.width, one.height) < SIDE) {
    throw new RangeError(
      `Cannot compare pictures of ${one.width} x ${one.height}: the window has ${SIDE} pixels a side`,
    );
  }
  const [x, y] = [lumaOf(one), lumaOf(other)];
  const { data: meanX } = windowed(x);
  const { data: meanY } = windowed(y);
  const { data: squareX } = windowed(product(x, x));
  const { data: squareY } = windowed(product(y, y));
  const { data: cross } = windowed(product(x, y));
  let sum = 0;
  for (let at = 0; at < meanX.length; at++) {
    const [mx, my] = [meanX[at]!, meanY[at]!];
    const [varianceX, varianceY] = [squareX[at]! - mx * mx, squareY[at]! - my * my];
    const covariance = cross[at]! - mx * my;
    sum += (2 * mx * my + C1) * (2 * covariance + C2) /
      ((mx * mx + my * my + C1) * (varianceX + varianceY + C2));
  }
  return sum / meanX.length;
}

function lumaOf({ width, height, data }: RgbPicture): Plane {
  const luma = new Float64Array(width * height);
  for (let at = 0; at < luma.length; at++) {
    for (let channel = 0; channel < 3; channel++) {
      luma[at]! += LUMA[channel]! * data[3 * at + channel]!;
    }
  }
  return { width, data: luma };
}

function product(x: Plane, y: Plane): Plane {
  return { width: x.width, data: x.data.map((value, at) => value * y.data[at]!) };
}

/** Weighted means over every place of the window inside the plane: along rows, then along columns. */
function windowed({ width, data }: Plane): Plane {
  const across = width - SIDE + 1;
  const height = data.length / width;
  const rows = new Float64Array(across * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < across; column++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += WINDOW[k]! * data[row * width + column + k]!;
      rows[row * across + column] = sum;
    }
  }
  const means = new Float64Array(across * (height - SIDE + 1));
  for (let at = 0; at < means.length; at++) {
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum += WINDOW[k]! * rows[at + k * across]!;
    means[at] = sum;
  }
  return { width: across, data: means };
}
