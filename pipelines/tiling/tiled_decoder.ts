/**
 * A decoder that works tile by tile.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { type Graph, specsOf } from "../../graph/graph.ts";
import { withOutputs } from "../../graph/passes/with_outputs.ts";
import { f32 } from "../../graph/tensor_spec.ts";
import type { AutoencoderBlocksConfig } from "../../models/autoencoder_blocks.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { tileCutter, tileJoiner } from "./cut_and_join.ts";
import { normalisedTiles } from "./normalised_tiles.ts";
import { splitDecoder } from "./split_autoencoder.ts";
import { enlargedGrid, type TileGrid, widestMargin } from "./tile_grid.ts";
import type { TileWeighting } from "./tile_weights.ts";

/** What gives programs by methods and sizes, as a {@linkcode Component} does. */
export type ProgramSource = Pick<Component, "program">;

/** Settings of {@linkcode tiledDecoder}. */
export interface TiledDecoderOptions {
  readonly arithmetic: Arithmetic;
  readonly backend: Backend;
  /** Sizes before height and width: `[n, c]`. */
  readonly channels: readonly [n: number, c: number];
  /** How tiles fade into each other. */
  readonly weighting?: TileWeighting | undefined;
  /** How far the decoder's tail reaches: {@linkcode decoderReach}. Default 0: all of a tile counts. */
  readonly reach?: number;
  /** Normalises each tile by its own statistics, as if it were all there is. */
  readonly apart?: boolean;
}

/**
 * How far, in latent positions, a decoder's convolutions reach: what lies farther from a tile's border does not depend on where
 * the tile ends, but for normalisation and attention.
 *
 * @param part The whole decoder, or what comes behind its middle.
 */
export function decoderReach(
  { levels, layers }: AutoencoderBlocksConfig,
  part: "whole" | "tail" = "whole",
): number {
  const first = part === "tail" ? 0 : 1 + 4; // conv_in, and two residual blocks in the middle
  const levelReach = 2 * (layers + 1);
  const ways = levels.map((_, at) => (levelReach + (at === 0 ? 0 : 1)) / 2 ** at);
  return first + ways.reduce((sum, reach) => sum + reach, 0) + 1 / 2 ** (levels.length - 1);
}

/**
 * A decoder for one size of latents that decodes tiles and fades each into the next: its `program` takes and gives what the
 * whole decoder's does. The component stays the caller's.
 *
 * What takes in the whole picture is not left to tiles: the middle of the decoder, with its attention, runs on all latents at
 * once, which are small; and the normalisations behind it have statistics of the whole, which a first run over all tiles
 * collects. Tiles that overlap by twice {@linkcode decoderReach} of the tail then say the same where they meet. Decoders that
 * cannot be taken apart so are run on tiles as they are.
 */
export async function tiledDecoder(
  component: Component,
  grid: TileGrid,
  options: TiledDecoderOptions,
): Promise<ProgramSource & Disposable> {
  const { whole, tile } = grid;
  const { channels, apart = false } = options;
  const decoderAt = ({ height, width }: TileGrid["whole"]): Graph =>
    withOutputs(component.graph({ z: f32(...channels, height, width) }, "decode"), ["sample"]);
  const graph = decoderAt(whole);
  const [n, c, height] = specsOf(graph).get(graph.outputs[0]!.id)!.shape as [
    number,
    number,
    number,
  ];
  using stack = new DisposableStack();
  const split = apart ? undefined : splitDecoder({ whole: graph, tile: decoderAt(tile) });
  const factor = height / whole.height;
  const margin = split === undefined ? 0 : widestMargin(grid, Math.ceil(options.reach ?? 0));
  const joiner = stack.use(
    await tileJoiner(enlargedGrid(grid, factor), {
      ...options,
      channels: [n, c],
      margin: margin * factor,
    }),
  );
  let decode: (z: Value) => Value;
  if (split === undefined) {
    const cutter = stack.use(await tileCutter(grid, options));
    const program = await component.program({
      z: f32(...channels, tile.height, tile.width),
    }, { method: "decode", outputs: ["sample"] });
    decode = (z) =>
      joiner.join((at) => {
        using part = cutter.cut(z, at);
        return program.run({ z: part }).sample!;
      });
  } else {
    const { middle, rest, layout } = split;
    const { parameters } = component;
    const { backend } = options;
    const [n, c] = specsOf(middle).get(middle.outputs[0]!.id)!.shape as [number, number];
    const cutter = stack.use(await tileCutter(grid, { ...options, channels: [n, c] }));
    const program = stack.use(await backend.compile(middle, parameters));
    const tiles = stack.use(
      await normalisedTiles(rest, { ...options, layout, grid, parameters, margin }),
    );
    decode = (z) => {
      using features = program.run({ x0: z }).y0!;
      return tiles.run((at) => cutter.cut(features, at), joiner);
    };
  }
  const program: Program = {
    graph,
    run: ({ z }) => ({ sample: decode(z as Value) }),
    [Symbol.dispose]() {},
  };
  const owned = stack.move();
  return { program: () => Promise.resolve(program), [Symbol.dispose]: () => owned.dispose() };
}
