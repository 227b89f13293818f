/**
 * How much each position of a tile counts where tiles overlap.
 *
 * @module
 */
import { type Sides, type TileGrid, tilesOf } from "./tile_grid.ts";

/**
 * `product`: rises with the distance to the tile's border in each direction, and the two are multiplied. Along every line that
 * crosses an overlap one tile fades into the other evenly, at the edges of the whole too: nothing steps anywhere.
 *
 * `distance`: as the original latent diffusion weighs (its `delta_border`), by the distance to the nearest border, as a share
 * of the sides, from 0.01 to 0.5. Near the edges of the whole all tiles count the same, so that there a tile's end shows.
 */
export type TileWeighting = "product" | "distance";

/** How a tile's positions are weighed. */
export interface TileWeightsOptions {
  /** Default `product`. */
  readonly weighting?: TileWeighting | undefined;
  /**
   * Positions at a tile's border that count for nothing wherever another tile has them better, because what lies outside of the
   * tile would have changed them. Only for `product`. Default 0.
   */
  readonly margin?: number;
}

/** What a position of the margin counts, so that it counts wholly at the edges of the whole, where no other tile is. */
const NEXT_TO_NOTHING = 1e-4;

/** Weights of a tile's positions, row-major. */
export function tileWeights(
  { height, width }: Sides,
  { weighting = "product", margin = 0 }: TileWeightsOptions = {},
): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      weights[y * width + x] = weighting === "product"
        ? rise(y, { side: height, margin }) * rise(x, { side: width, margin })
        : Math.min(0.5, Math.max(0.01, Math.min(share(y, height), share(x, width))));
    }
  }
  return weights;
}

/** From half a step behind the margin to about 1 in the middle. */
function rise(
  at: number,
  { side, margin }: { readonly side: number; readonly margin: number },
): number {
  const steps = Math.min(at, side - 1 - at) - margin;
  return steps < 0 ? NEXT_TO_NOTHING / side : (2 * steps + 1) / side;
}

/** From 0 at the border to 1/2 in the middle. */
function share(at: number, side: number): number {
  return Math.min(at, side - 1 - at) / Math.max(1, side - 1);
}

/** One over the sum of all tiles' weights, at each position of the whole. */
export function inverseWeightSums(
  grid: TileGrid,
  options?: TileWeightsOptions,
): Float32Array<ArrayBuffer> {
  const { whole, tile } = grid;
  const weights = tileWeights(tile, options);
  const sums = new Float64Array(whole.height * whole.width);
  for (const { top, left } of tilesOf(grid)) {
    for (let y = 0; y < tile.height; y++) {
      const to = (top + y) * whole.width + left;
      for (let x = 0; x < tile.width; x++) sums[to + x]! += weights[y * tile.width + x]!;
    }
  }
  return Float32Array.from(sums, (sum) => 1 / sum);
}
