/**
 * What working in tiles costs.
 *
 * @module
 */
import { checkNumber, SettingsError } from "../settings.ts";
import { gridOverhead, type Sides, type TileGrid, tileGrid } from "./tile_grid.ts";

/** How one network works on a picture. */
export interface NetworkCost {
  /** How many tiles there are: 1 if it is not tiled. */
  readonly tiles: number;
  /** A tile, in positions of the sample; the whole if it is not tiled. */
  readonly tile: Sides;
  /**
   * How many times the work without tiles is done: positions of all tiles over those of the whole, for a decoder twice, because it
   * first collects statistics. 1 if it is not tiled.
   */
  readonly overhead: number;
  /** Bytes of intermediate results at once, about; a backend that fuses operations needs less. */
  readonly bytes: number;
}

/** What an autoencoder costs a call. */
export interface AutoencoderCost {
  /** The encoder; null where nothing is encoded. */
  readonly encoder?: NetworkCost | null;
  /** The decoder; null where there is none. */
  readonly decoder: NetworkCost | null;
}

/** What tiles cost a call. */
export interface TilingCost extends AutoencoderCost {
  /** Each evaluation of the denoiser. */
  readonly denoiser: NetworkCost;
  /** The decoder; null where there is none. */
  readonly decoder: NetworkCost | null;
}

/** What decides whether a network is tiled, and how. */
export interface ChooseTilesOptions {
  /** Bytes of intermediate results at once, for a sample or tile of these sides. */
  bytes(sides: Sides): number;
  /** Tiles that were asked for; null for none; undefined for as many as memory makes necessary. */
  readonly asked: { readonly size: number; readonly overlap: number } | null | undefined;
  /** Bytes for intermediate results. */
  readonly memory: number;
  /** How far tiles have to overlap; never more than half of a tile is taken. */
  readonly overlap: (size: number) => number;
  /** What the network halves evenly. */
  readonly align: number;
  /** How often each tile is run. Default once. */
  readonly runs?: number;
  /** Bytes of what is not tiled where the rest is. Default 0. */
  readonly untiled?: number;
}

/** How far tiles have to overlap: as far as a tile's border is felt on both sides, and something to fade in. */
export function seamlessOverlap(reach: number): number {
  return 2 * Math.ceil(reach) + 2;
}

/**
 * Bytes for intermediate results.
 *
 * @throws {SettingsError} If it is none.
 */
export function checkMemory(memory: number): number {
  if (checkNumber("memory", memory) > 0) return memory;
  throw new SettingsError(`Cannot use memory ${memory}: it must be a number of bytes above 0`);
}

/** The smallest tile that is chosen, in multiples of what a network halves evenly: smaller ones see no context. */
const SMALLEST = 4;

/** Lays the grid of a network on a whole: one tile if nothing makes more of them necessary. */
export function chooseTiles(
  whole: Sides,
  options: ChooseTilesOptions,
): { readonly grid: TileGrid; readonly cost: NetworkCost } {
  const { asked, align, memory } = options;
  const lay = (size: number, overlap: number) => tileGrid(whole, { size, overlap, align });
  const single = lay(Math.max(whole.height, whole.width), 0);
  if (asked === null) return costed(single, options);
  if (asked !== undefined) return costed(lay(asked.size, asked.overlap), options);
  const alone = costed(single, options);
  if (alone.cost.bytes <= memory) return alone;
  // The largest tile that fits. Bytes grow with its side, how fast differs: attention's go with the fourth power.
  const cost = (side: number) => {
    const size = side * align;
    return costed(lay(size, Math.min(options.overlap(size), size >> 1)), options);
  };
  let found: ReturnType<typeof cost> | undefined;
  let [low, high] = [SMALLEST, Math.ceil(Math.max(whole.height, whole.width) / align)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const tried = cost(middle);
    if (tried.cost.bytes <= memory) [low, found] = [middle, tried];
    else high = middle;
  }
  return found ?? cost(SMALLEST);
}

function costed(
  grid: TileGrid,
  { bytes, runs = 1, untiled = 0 }: ChooseTilesOptions,
): { readonly grid: TileGrid; readonly cost: NetworkCost } {
  const { tile, tops, lefts } = grid;
  const tiles = tops.length * lefts.length;
  return {
    grid,
    cost: {
      tiles,
      tile,
      overhead: tiles === 1 ? 1 : runs * gridOverhead(grid),
      bytes: tiles === 1 ? bytes(tile) : Math.max(bytes(tile), untiled),
    },
  };
}
