/**
 * Choosing the tiles of an encoder or decoder.
 *
 * @module
 */
import type { Graph } from "../../graph/graph.ts";
import { peakBytes } from "../../graph/passes/peak_bytes.ts";
import type { SplitAutoencoder, WholeAndTile } from "./split_autoencoder.ts";
import type { Sides, TileGrid } from "./tile_grid.ts";
import { chooseTiles, type ChooseTilesOptions, type NetworkCost } from "./tiling_cost.ts";

/** What decides about the tiles of an encoder or decoder. */
export interface CoderTilesOptions extends Pick<ChooseTilesOptions, "asked" | "memory"> {
  /** The network for latents of these sides. */
  graph(sides: Sides): Graph;
  /** Takes it apart, where tiles are to be seamless. */
  readonly split?: ((graphs: WholeAndTile) => SplitAutoencoder | undefined) | undefined;
  /** How far tiles have to overlap, in latent positions. */
  readonly overlap: number;
}

/** The tiles of an encoder or decoder. */
export interface CoderTiles {
  /** In latent positions. */
  readonly grid: TileGrid;
  readonly cost: NetworkCost;
  /** There are several tiles, and nothing makes them agree where they meet. */
  readonly mayShow: boolean;
}

/** Chooses the tiles of an encoder or decoder, of which the middle is run on the whole if it can be taken apart. */
export function coderTiles(whole: Sides, options: CoderTilesOptions): CoderTiles {
  const { graph, split, overlap, ...choice } = options;
  const all = graph(whole);
  const parts = split?.({ whole: all, tile: all });
  const { grid, cost } = chooseTiles(whole, {
    ...choice,
    align: 1,
    overlap: () => overlap,
    runs: parts === undefined ? 1 : 2,
    untiled: parts === undefined ? 0 : peakBytes(parts.middle),
    bytes: (sides) => peakBytes(graph(sides)),
  });
  return {
    grid,
    cost,
    mayShow: cost.tiles > 1 && split !== undefined && parts === undefined,
  };
}
