/**
 * The greater part of a decoder, run on tiles that are normalised alike.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { type Graph, specsOf } from "../../graph/graph.ts";
import { subgraphs } from "../../graph/passes/subgraphs.ts";
import { add } from "../../graph/ops/mod.ts";
import { f32, hostTensor } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { tileCutter, type TileJoiner } from "./cut_and_join.ts";
import {
  type NormLayout,
  normLayout,
  statisticsOfMoments,
  withStatistics,
} from "./shared_statistics.ts";
import { type TileGrid, tilesOf } from "./tile_grid.ts";
import { inverseWeightSums, tileWeights } from "./tile_weights.ts";

/** A decoder in two parts. */
export interface SplitDecoder {
  /** Up to the end of the middle, for all latents: `x0` to `y0`. */
  readonly head: Graph;
  /** Behind it, for a tile of what the head gives: `x0` to `y0`. */
  readonly tail: Graph;
  /** The tail's normalisations. */
  readonly layout: NormLayout;
}

/** Where the part ends that takes in the whole picture. */
const MIDDLE = "decoder.mid_block";

/**
 * Takes a decoder apart behind its middle; undefined if it has none, or its tail sees more than what comes from there.
 *
 * @param graphs The decoder for all latents, and for a tile of them.
 */
export function splitDecoder(
  { whole, tile }: { readonly whole: Graph; readonly tile: Graph },
): SplitDecoder | undefined {
  const [end, begin] = [whole.modules.get(MIDDLE), tile.modules.get(MIDDLE)];
  if (end === undefined || begin === undefined) return undefined;
  const head = subgraphs(whole)({ given: new Set(), outputs: [end] });
  const tail = subgraphs(tile)({ given: new Set([begin]), outputs: [tile.outputs[0]!.id] });
  const layout = normLayout(tail);
  if (layout === undefined || head.inputs.length !== 1 || tail.inputs.length !== 1) {
    return undefined;
  }
  return { head, tail, layout };
}

/** What runs a split decoder on tiles. */
export interface SeamlessTail extends Disposable {
  /** The decoded latents. */
  decode(z: Value, joiner: TileJoiner): Value;
}

/** Compiles a split decoder. */
export async function seamlessTail(
  { head, tail, layout }: SplitDecoder,
  grid: TileGrid,
  { component: { parameters }, backend, arithmetic, margin }: {
    readonly component: Component;
    readonly backend: Backend;
    readonly arithmetic: Arithmetic;
    /** Positions at a tile's border that count for nothing. */
    readonly margin: number;
  },
): Promise<SeamlessTail> {
  const tiles = tilesOf(grid);
  const { whole, tile } = grid;
  using stack = new DisposableStack();
  const compile = async (graph: Graph): Promise<Program> =>
    stack.use(await backend.compile(graph, parameters));
  const [n, c] = specsOf(head).get(head.outputs[0]!.id)!.shape as [number, number];
  const cutter = stack.use(await tileCutter(grid, { arithmetic, backend, channels: [n, c] }));
  const told = whole.height * whole.width / (tile.height * tile.width);
  const headProgram = await compile(head);
  const first = await compile(withStatistics(tail, { layout, given: false, told }));
  const final = await compile(withStatistics(tail, { layout, given: true, told: null }));
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
  const collect = (features: Value): Value => {
    let total: Value | undefined;
    try {
      for (const at of tiles.keys()) {
        using x = cutter.cut(features, at);
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
    decode(z, joiner) {
      using features = headProgram.run({ x0: z }).y0!;
      using statistics = collect(features);
      return joiner.join((at) => {
        using x = cutter.cut(features, at);
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
