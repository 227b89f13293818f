/**
 * A denoiser that sees a picture tile by tile.
 *
 * @module
 */
import type { Denoiser } from "../guided_denoiser.ts";
import { tileCutter, tileJoiner, type TilingOptions } from "./cut_and_join.ts";
import type { TileGrid } from "./tile_grid.ts";
import type { TileWeighting } from "./tile_weights.ts";

/** Settings of {@linkcode tiledDenoiser}. */
export interface TiledDenoiserOptions extends TilingOptions {
  /** Channels of what the denoiser says. Default: the sample's. */
  readonly outChannels?: number;
  readonly weighting?: TileWeighting | undefined;
  /** Prepares the denoiser of tile number `at`, row by row. It becomes the tiled denoiser's. */
  tile(at: number): Promise<Denoiser>;
}

/**
 * Prepares evaluations on a grid: each step, the network says what it predicts of every tile of the whole sample, and the
 * weighted mean of that is the prediction. This is the least-squares agreement of the tiles (Bar-Tal et al. 2023, equation 5;
 * the original latent diffusion does the same for super-resolution): all tiles move one sample, so that they meet in one
 * picture, where tiles that are sampled by themselves would each make up details of their own.
 */
export async function tiledDenoiser(
  grid: TileGrid,
  options: TiledDenoiserOptions,
): Promise<Denoiser> {
  const { channels: [n, c], outChannels = c } = options;
  using stack = new DisposableStack();
  const cutter = stack.use(await tileCutter(grid, options));
  const joiner = stack.use(await tileJoiner(grid, { ...options, channels: [n, outChannels] }));
  const tiles: Denoiser[] = [];
  for (let at = 0; at < grid.tops.length * grid.lefts.length; at++) {
    tiles.push(stack.use(await options.tile(at)));
  }
  const owned = stack.move();
  return {
    evaluate: (sample, evaluation) =>
      joiner.join((at) => {
        using tile = cutter.cut(sample, at);
        return tiles[at]!.evaluate(tile, evaluation);
      }),
    [Symbol.dispose]: () => owned.dispose(),
  };
}
