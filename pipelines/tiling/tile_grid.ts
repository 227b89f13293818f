/**
 * Where overlapping tiles lie on a picture that is too large to be worked on at once.
 *
 * @module
 */
import { checkInteger, SettingsError } from "../settings.ts";

/** Height and width, in positions of a sample. */
export interface Sides {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** Tiles of one size on a grid. Neighbours overlap; together they cover the whole. */
export interface TileGrid {
  /** What is covered. */
  readonly whole: Sides;
  /** A tile. */
  readonly tile: Sides;
  /** First rows of the tiles, rising. */
  readonly tops: readonly number[];
  /** First columns of the tiles, rising. */
  readonly lefts: readonly number[];
}

/** How a grid is laid. */
export interface TileGridOptions {
  /** Side of a tile. A whole that is smaller is one tile. */
  readonly size: number;
  /** How far neighbours overlap at least. */
  readonly overlap: number;
  /**
   * Tiles start at multiples of this where they can, so that a network that halves its input sees the same halves in all of
   * them. Default 1.
   */
  readonly align?: number;
}

/** More tiles than any picture that fits in memory has. */
const MOST_TILES = 65_536;

/**
 * Lays tiles evenly, the first and last ones at the edges.
 *
 * @example
 * ```ts
 * import { tileGrid } from "./tile_grid.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const grid = tileGrid({ height: 16, width: 24 }, { size: 16, overlap: 8 });
 * assertEquals([grid.tops, grid.lefts], [[0], [0, 8]]);
 * ```
 * @throws {SettingsError} If the size is not positive, tiles overlap wholly, or they are too many.
 */
export function tileGrid(whole: Sides, options: TileGridOptions): TileGrid {
  const { size, overlap, align = 1 } = options;
  checkInteger("a tile's size", size, { min: 1, max: 2 ** 20 });
  checkInteger("the tiles' overlap", overlap, { min: 0, max: size - 1 });
  const tops = starts(whole.height, { size, overlap, align });
  const lefts = starts(whole.width, { size, overlap, align });
  const count = tops.length * lefts.length;
  if (count > MOST_TILES) {
    throw new SettingsError(
      `Cannot use tiles of ${size} with an overlap of ${overlap}: ${whole.width} x ${whole.height} takes ${count} of ` +
        `them, more than ${MOST_TILES}`,
    );
  }
  const tile = { height: Math.min(size, whole.height), width: Math.min(size, whole.width) };
  return { whole, tile, tops, lefts };
}

function starts(whole: number, { size, overlap, align }: Required<TileGridOptions>): number[] {
  if (whole <= size) return [0];
  const last = whole - size;
  const steps = Math.ceil(last / (size - overlap));
  const even = Array.from({ length: steps + 1 }, (_, at) => Math.floor(at * last / steps));
  const aligned = even.map((start, at) => at === steps ? start : start - start % align);
  const overlaps = aligned.every((start, at) =>
    at === 0 || start > aligned[at - 1]! && start - aligned[at - 1]! <= size
  );
  return overlaps ? aligned : even;
}

/** The tiles, row by row. */
export function tilesOf(
  { tops, lefts }: TileGrid,
): readonly { readonly top: number; readonly left: number }[] {
  return tops.flatMap((top) => lefts.map((left) => ({ top, left })));
}

/** The same grid on something `factor` times as large. */
export function enlargedGrid({ whole, tile, tops, lefts }: TileGrid, factor: number): TileGrid {
  const sides = ({ height, width }: Sides) => ({ height: height * factor, width: width * factor });
  return {
    whole: sides(whole),
    tile: sides(tile),
    tops: tops.map((top) => top * factor),
    lefts: lefts.map((left) => left * factor),
  };
}

/**
 * The widest margin of tiles, up to `most`, that leaves enough of them: something of each overlap to fade in, and at the edges of
 * the whole a first tile whose other positions come before the second tile's margin ends.
 */
export function widestMargin({ tile, tops, lefts }: TileGrid, most: number): number {
  const fits = (starts: readonly number[], side: number) =>
    starts.slice(1).map((start, at) => {
      const step = start - starts[at]!;
      return Math.min(step, Math.floor((side - step) / 2) - 1);
    });
  return Math.max(0, Math.min(most, ...fits(tops, tile.height), ...fits(lefts, tile.width)));
}

/** How many times as much there is to compute as without tiles: positions of all tiles over those of the whole. */
export function gridOverhead({ whole, tile, tops, lefts }: TileGrid): number {
  const covered = tops.length * lefts.length * tile.height * tile.width;
  return covered / (whole.height * whole.width);
}
