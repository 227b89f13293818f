/**
 * Peak signal-to-noise ratio: how far a picture's bytes are from another's.
 *
 * @module
 */
import type { RgbPicture } from "./segment_picture.ts";

/**
 * Peak signal-to-noise ratio in dB, over all samples of all channels: 10 log10(255^2 / mean squared error). Of several pairs of
 * pictures the errors are pooled first, so that bad pictures weigh more than in a mean of ratios.
 *
 * @returns Infinity if nothing differs.
 * @throws {RangeError} If there is no pair, or the pictures of one differ in size.
 *
 * @example Every byte is off by one
 * ```ts
 * import { psnr } from "./psnr.ts";
 *
 * const picture = (level: number) => ({ height: 2, width: 2, data: new Uint8Array(12).fill(level) });
 * psnr([[picture(100), picture(101)]]); // 48.13
 * ```
 */
export function psnr(pairs: readonly (readonly [RgbPicture, RgbPicture])[]): number {
  let [sum, count] = [0, 0];
  for (const [one, other] of pairs) {
    checkSameSize(one, other);
    for (let at = 0; at < one.data.length; at++) sum += (one.data[at]! - other.data[at]!) ** 2;
    count += one.data.length;
  }
  if (count === 0) throw new RangeError("Cannot compare pictures: there is none");
  return 10 * Math.log10(255 ** 2 * count / sum);
}

/**
 * Checks that two pictures can be compared pixel by pixel.
 *
 * @throws {RangeError} If they differ in size, or one's data is not what its sides say.
 */
export function checkSameSize(one: RgbPicture, other: RgbPicture): void {
  const size = 3 * one.width * one.height;
  const same = one.width === other.width && one.height === other.height;
  if (same && one.data.length === size && other.data.length === size) return;
  const described = [one, other].map(({ width, height, data }) =>
    `${width} x ${height} (${data.length} bytes)`
  );
  throw new RangeError(
    `Cannot compare pictures of ${described.join(" and ")}: wanted one size, three bytes a pixel`,
  );
}
