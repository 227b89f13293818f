/**
 * How near a set of pictures is to the originals.
 *
 * @module
 */
import { psnr } from "./psnr.ts";
import type { RgbPicture } from "./segment_picture.ts";
import { ssim } from "./ssim.ts";

/** How near pictures are to their originals. */
export interface Fidelity {
  /** Of every picture, in dB. */
  readonly psnr: readonly number[];
  /** Of every picture. */
  readonly ssim: readonly number[];
  /** The mean of the pictures' ratios, in dB. */
  readonly meanPsnr: number;
  /** The ratio of all pictures' errors together, in dB: never more than the mean. */
  readonly pooledPsnr: number;
  readonly meanSsim: number;
}

/**
 * Measures a set of pictures against the originals, one each.
 *
 * @throws {RangeError} If there is not one original a picture, or no picture, or they differ in size.
 */
export function measureFidelity(
  pictures: readonly RgbPicture[],
  originals: readonly RgbPicture[],
): Fidelity {
  if (pictures.length !== originals.length) {
    throw new RangeError(
      `Cannot compare ${pictures.length} pictures with ${originals.length} originals: wanted one each`,
    );
  }
  const pairs = pictures.map((picture, at) => [picture, originals[at]!] as const);
  const pooledPsnr = psnr(pairs);
  const ratios = pairs.map((pair) => psnr([pair]));
  const similarities = pairs.map(([picture, original]) => ssim(picture, original));
  return {
    psnr: ratios,
    ssim: similarities,
    meanPsnr: mean(ratios),
    pooledPsnr,
    meanSsim: mean(similarities),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
