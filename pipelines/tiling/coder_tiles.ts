/**
 * Choosing the tiles of an encoder or decoder.
 *
 * @module
 */
import type { Backend } from "../../backends/backend.ts";
import type { Graph } from "../../graph/graph.ts";
import { peakBytes } from "../../graph/passes/peak_bytes.ts";
import type { SplitAutoencoder, WholeAndTile } from "./split_autoencoder.ts";
import type { Sides, TileGrid } from "./tile_grid.ts";
import { chooseTiles, type ChooseTilesOptions, type NetworkCost } from "./tiling_cost.ts";

/** What decides about the tiles of an encoder or decoder. */
export interface CoderTilesOptions extends Pick<ChooseTilesOptions, "asked" | "memory"> {
  /** What messages call it. */
  readonly name: string;
  /** The network for latents of these sides. */
  graph(sides: Sides): Graph;
  /** Takes it apart, where tiles are to be seamless. */
  readonly split?: ((graphs: WholeAndTile) => SplitAutoencoder | undefined) | undefined;
  /** How far tiles have to overlap, in latent positions. */
  readonly overlap: number;
  /** The same where the middle is tiled too. */
  readonly overlapApart: number;
  /** The backend's, which says what attention takes. */
  readonly scoresAtOnce: Backend["scoresAtOnce"];
}

/** The tiles of an encoder or decoder. */
export interface CoderTiles {
  /** In latent positions. */
  readonly grid: TileGrid;
  readonly cost: NetworkCost;
  /** Each tile is made for itself: its middle, which would take too much for the whole, is tiled too. */
  readonly apart: boolean;
  /** What the caller is told if tiles may be seen. */
  readonly warning: string | undefined;
}

/**
 * Chooses the tiles of an encoder or decoder. If it can be taken apart its middle is run on the whole, unless that alone takes more
 * than the memory that there is.
 */
export function coderTiles(whole: Sides, options: CoderTilesOptions): CoderTiles {
  const { name, graph, split, overlap, overlapApart, scoresAtOnce, ...choice } = options;
  const all = graph(whole);
  const parts = split?.({ whole: all, tile: all });
  const middle = parts === undefined ? 0 : peakBytes(parts.middle, { scoresAtOnce });
  const tooLarge = middle > choice.memory && choice.asked !== null;
  const { grid, cost } = chooseTiles(whole, {
    ...choice,
    align: 1,
    overlap: () => tooLarge ? overlapApart : overlap,
    runs: tooLarge || parts === undefined ? 1 : 2,
    untiled: tooLarge ? 0 : middle,
    bytes: (sides) => peakBytes(graph(sides), { scoresAtOnce }),
  });
  const flaw = cost.tiles === 1 || split === undefined
    ? undefined
    : parts === undefined
    ? "it cannot be taken apart, so that each is made for itself"
    : tooLarge
    ? `attention sees one tile at a time, as all of the picture would take ${gigabytes(middle)}`
    : undefined;
  const warning = flaw && `Tiles of ${name} may show: ${flaw}`;
  return { grid, cost, apart: tooLarge, warning };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(2)} GB`;
