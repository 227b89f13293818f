/**
 * A decoder that works tile by tile.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { specsOf } from "../../graph/graph.ts";
import { withOutputs } from "../../graph/passes/with_outputs.ts";
import type { AutoencoderBlocksConfig } from "../../models/autoencoder_blocks.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { tileCutter, tileJoiner } from "./cut_and_join.ts";
import { enlargedGrid, type TileGrid } from "./tile_grid.ts";
import type { TileWeighting } from "./tile_weights.ts";

/** What gives programs by methods and sizes, as a {@linkcode Component} does. */
export type ProgramSource = Pick<Component, "program">;

/** Settings of {@linkcode tiledDecoder}. */
export interface TiledDecoderOptions {
  readonly arithmetic: Arithmetic;
  readonly backend: Backend;
  readonly weighting?: TileWeighting | undefined;
}

/**
 * How far, in latent positions, a decoder's convolutions reach: what lies farther from a tile's border does not depend on where
 * the tile ends, but for the statistics of the normalisations and the attention in the middle, which are the tile's own.
 */
export function decoderReach({ levels, layers }: AutoencoderBlocksConfig): number {
  const first = 1 + 4; // conv_in, and two residual blocks in the middle
  const levelReach = 2 * (layers + 1);
  const ways = levels.map((_, at) => (levelReach + (at === 0 ? 0 : 1)) / 2 ** at);
  return first + ways.reduce((sum, reach) => sum + reach, 0) + 1 / 2 ** (levels.length - 1);
}

/**
 * A decoder for one size of latents that decodes tiles and fades each into the next: its `program` takes and gives what the
 * whole decoder's does. Where tiles overlap by twice {@linkcode decoderReach}, each counts most where its convolutions saw
 * all that the whole would have shown them. The component stays the caller's.
 */
export async function tiledDecoder(
  component: Component,
  grid: TileGrid,
  options: TiledDecoderOptions & {
    /** Sizes before height and width: `[n, c]`. */
    readonly channels: readonly [n: number, c: number];
  },
): Promise<ProgramSource & Disposable> {
  const { whole, tile } = grid;
  const { channels } = options;
  const latents = { dtype: "f32", shape: [...channels, whole.height, whole.width] } as const;
  const graph = withOutputs(component.graph({ z: latents }, "decode"), ["sample"]);
  const [n, c, height] = specsOf(graph).get(graph.outputs[0]!.id)!.shape as [
    number,
    number,
    number,
  ];
  const decode = await component.program({
    z: { dtype: "f32", shape: [...channels, tile.height, tile.width] },
  }, { method: "decode", outputs: ["sample"] });
  using stack = new DisposableStack();
  const cutter = stack.use(await tileCutter(grid, options));
  const joiner = stack.use(
    await tileJoiner(enlargedGrid(grid, height / whole.height), { ...options, channels: [n, c] }),
  );
  const program: Program = {
    graph,
    run: ({ z }) => ({
      sample: joiner.join((at) => {
        using part = cutter.cut(z as Value, at);
        return decode.run({ z: part }).sample!;
      }),
    }),
    [Symbol.dispose]() {},
  };
  const owned = stack.move();
  return { program: () => Promise.resolve(program), [Symbol.dispose]: () => owned.dispose() };
}
