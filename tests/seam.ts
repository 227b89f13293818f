/**
 * Whether tiles show.
 *
 * @module
 */

/** What tiles did to a picture. */
export interface Seam {
  /** Mean step of the difference to the whole, from one pixel to the next, where a tile begins or ends. */
  readonly atBorders: number;
  /** The same everywhere else. */
  readonly elsewhere: number;
  /** Mean step of the whole picture itself. */
  readonly contrast: number;
  /** Mean difference. */
  readonly mean: number;
}

/**
 * Compares a picture `[channels, height, width]` that was made in tiles with the one that was not. A seam is a line on which the
 * difference of the two steps; that both differ smoothly is none.
 */
export function seamOf(
  { tiled, whole }: { readonly tiled: Float32Array; readonly whole: Float32Array },
  { height, width, channels, borders }: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    /** Columns at which tiles begin or end. */
    readonly borders: readonly number[];
  },
): Seam {
  const sums = { border: 0, borders: 0, other: 0, others: 0, contrast: 0, mean: 0 };
  for (let row = 0; row < channels * height; row++) {
    for (let x = 1; x < width; x++) {
      const at = row * width + x;
      const difference = tiled[at]! - whole[at]!;
      const step = Math.abs(difference - (tiled[at - 1]! - whole[at - 1]!));
      sums.contrast += Math.abs(whole[at]! - whole[at - 1]!);
      sums.mean += Math.abs(difference);
      if (borders.includes(x)) {
        sums.border += step;
        sums.borders++;
      } else {
        sums.other += step;
        sums.others++;
      }
    }
  }
  const all = sums.borders + sums.others;
  return {
    atBorders: sums.border / sums.borders,
    elsewhere: sums.other / sums.others,
    contrast: sums.contrast / all,
    mean: sums.mean / all,
  };
}
