/**
 * Networks run on tiles that are normalised alike.
 *
 * @module
 */
import type { Backend, Parameters, Program, Value } from "../../backends/backend.ts";
import type { Graph } from "../../graph/graph.ts";
import { add } from "../../graph/ops/mod.ts";
import { f32, hostTensor } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { TileJoiner } from "./cut_and_join.ts";
import { type NormLayout, statisticsOfMoments, withStatistics } from "./shared_statistics.ts";
import { type TileGrid, tilesOf } from "./tile_grid.ts";
import { inverseWeightSums, tileWeights } from "./tile_weights.ts";

/** A network on tiles. */
export interface NormalisedTiles extends Disposable {
  /**
   * All tiles, put together.
   *
   * @param cut Gives the network's input for tile number `at`; it is freed here.
   */
  run(cut: (at: number) => Value, joiner: TileJoiner): Value;
}

/** How a network is run on tiles. */
export interface NormalisedTilesOptions {
  readonly layout: NormLayout;
  /** Where tiles lie, in latent positions. */
  readonly grid: TileGrid;
  readonly parameters: Parameters;
  readonly backend: Backend;
  readonly arithmetic: Arithmetic;
  /** Latent positions at a tile's border that count for nothing. */
  readonly margin: number;
}

/** Compiles a network for a tile, of one input and one output, twice: to tell its statistics, and to be given them. */
export async function normalisedTiles(
  graph: Graph,
  { layout, grid, parameters, backend, arithmetic, margin }: NormalisedTilesOptions,
): Promise<NormalisedTiles> {
  const tiles = tilesOf(grid);
  const { whole, tile } = grid;
  using stack = new DisposableStack();
  const compile = async (graph: Graph): Promise<Program> =>
    stack.use(await backend.compile(graph, parameters));
  const told = {
    area: whole.height * whole.width / (tile.height * tile.width),
    sides: [tile.height, tile.width],
  } as const;
  const first = await compile(withStatistics(graph, { layout, given: false, told }));
  const final = await compile(withStatistics(graph, { layout, given: true, told: null }));
  const { count, batch, groups } = layout;
  const momentsSpec = f32(count, batch, groups, 2);
  const sum = await arithmetic.program(
    `sum ${momentsSpec.shape.join()}`,
    () => trace(({ a, b }) => ({ sum: add(a, b) }), { a: momentsSpec, b: momentsSpec }),
  );
  const finish = await arithmetic.program(
    `statistics ${JSON.stringify(layout)}`,
    () => statisticsOfMoments(layout),
  );
  const shares = sharesOf(grid, margin).map((data) =>
    stack.use(backend.upload(hostTensor([1, 1, tile.height, tile.width], data)))
  );

  /**
   * The statistics of the whole, as tiles show them that are normalised by their own. Behind the first normalisation that is an
   * estimate. To go on from it does not help at once: what one normalisation then gets right, the next is still wrong for, and
   * only as many rounds as there are normalisations make all exact.
   */
  const collect = (cut: (at: number) => Value): Value => {
    let total: Value | undefined;
    try {
      for (const at of tiles.keys()) {
        using x = cut(at);
        const moments = first.run({ x, shares: shares[at]! }).moments!;
        if (total === undefined) {
          total = moments;
          continue;
        }
        using part = moments;
        using sofar = total;
        total = sum.run({ a: sofar, b: part }).sum!;
      }
      return finish.run({ moments: total! }).statistics!;
    } finally {
      total?.[Symbol.dispose]();
    }
  };
  const owned = stack.move();
  return {
    run(cut, joiner) {
      using statistics = collect(cut);
      return joiner.join((at) => {
        using x = cut(at);
        return final.run({ x, statistics }).y!;
      });
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** How much each position of each tile counts, 1 in all tiles together. */
function sharesOf(grid: TileGrid, margin: number): Float32Array<ArrayBuffer>[] {
  const { whole, tile } = grid;
  const weights = tileWeights(tile, { margin });
  const inverse = inverseWeightSums(grid, { margin });
  return tilesOf(grid).map(({ top, left }) =>
    weights.map((weight, at) => {
      const [y, x] = [Math.floor(at / tile.width), at % tile.width];
      return weight * inverse[(top + y) * whole.width + left + x]!;
    })
  );
}
