/**
 * An encoder that works tile by tile.
 *
 * @module
 */
import type { Program, Value } from "../../backends/backend.ts";
import { type Graph, specsOf } from "../../graph/graph.ts";
import { withOutputs } from "../../graph/passes/with_outputs.ts";
import { f32 } from "../../graph/tensor_spec.ts";
import type { AutoencoderBlocksConfig } from "../../models/autoencoder_blocks.ts";
import type { Component } from "../component.ts";
import { tileCutter, tileJoiner, type TilingOptions } from "./cut_and_join.ts";
import { normalisedTiles } from "./normalised_tiles.ts";
import { splitEncoder } from "./split_autoencoder.ts";
import { enlargedGrid, type TileGrid, widestMargin } from "./tile_grid.ts";

/** Settings of {@linkcode tiledEncoder}. */
export interface TiledEncoderOptions extends TilingOptions {
  /** What is asked of the encoder: `mean`, `std`; `latents`. */
  readonly outputs: readonly string[];
  /** Pixels a side of a latent position has. */
  readonly factor: number;
  /** How far, in latent positions, what runs on tiles reaches: {@linkcode encoderReach}. */
  readonly reach: number;
  /** Normalises each tile by its own statistics, as if it were all there is. */
  readonly apart?: boolean;
}

/**
 * How far, in latent positions, an encoder's convolutions reach.
 *
 * @param part What comes before its middle, or the whole encoder.
 */
export function encoderReach(
  { levels, layers }: AutoencoderBlocksConfig,
  part: "head" | "whole" = "head",
): number {
  const last = levels.length - 1;
  const ways = levels.map((_, at) => (2 * layers + (at < last ? 1 : 0)) / 2 ** (last - at));
  const middle = part === "head" ? 0 : 4 + 1; // two residual blocks in the middle, and conv_out
  return ways.reduce((sum, reach) => sum + reach, middle + 1 / 2 ** last);
}

/**
 * An encoder for one size of pictures that encodes tiles and fades each into the next. The program gives what the whole encoder
 * does; it is the caller's, the component too.
 *
 * As in {@linkcode tiledDecoder}, what takes in the whole picture is not left to tiles. Encoders that cannot be taken apart run on
 * tiles as they are.
 *
 * @param grid Where tiles lie, in latent positions.
 */
export async function tiledEncoder(
  component: Component,
  grid: TileGrid,
  options: TiledEncoderOptions,
): Promise<Program> {
  const { channels, outputs, factor, reach, backend } = options;
  const pixels = enlargedGrid(grid, factor);
  const encoderAt = ({ height, width }: TileGrid["whole"]): Graph =>
    withOutputs(component.graph({ x: f32(...channels, height, width) }, "encode"), outputs);
  const graph = encoderAt(pixels.whole);
  using stack = new DisposableStack();
  const cutter = stack.use(await tileCutter(pixels, options));
  const split = options.apart
    ? undefined
    : splitEncoder({ whole: graph, tile: encoderAt(pixels.tile) });
  let encode: (x: Value) => Record<string, Value>;
  if (split === undefined) {
    const [n, c] = sidesOf(graph);
    const joiner = stack.use(await tileJoiner(grid, { ...options, channels: [n, c] }));
    const x = f32(...channels, pixels.tile.height, pixels.tile.width);
    const programs = await Promise.all(outputs.map(async (name) => {
      const program = await component.program({ x }, { method: "encode", outputs: [name] });
      return [name, program] as const;
    }));
    encode = (x) =>
      Object.fromEntries(programs.map(([name, program]) => [
        name,
        joiner.join((at) => {
          using part = cutter.cut(x, at);
          return program.run({ x: part })[name]!;
        }),
      ]));
  } else {
    const { middle, rest, layout } = split;
    const { parameters } = component;
    const margin = widestMargin(grid, Math.ceil(reach));
    const [n, c] = sidesOf(rest);
    const joiner = stack.use(await tileJoiner(grid, { ...options, channels: [n, c], margin }));
    const tiles = stack.use(
      await normalisedTiles(rest, { ...options, layout, grid, parameters, margin }),
    );
    const program = stack.use(await backend.compile(middle, parameters));
    encode = (x) => {
      using features = tiles.run((at) => cutter.cut(x, at), joiner);
      const made = program.run({ x0: features });
      return Object.fromEntries(outputs.map((name, at) => [name, made[`y${at}`]!]));
    };
  }
  const owned = stack.move();
  return {
    graph,
    run({ x: given }) {
      if (!("data" in given!)) return encode(given!);
      using x = backend.upload(given);
      return encode(x);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Rows and channels of a graph's first output. */
function sidesOf(graph: Graph): [n: number, c: number] {
  return specsOf(graph).get(graph.outputs[0]!.id)!.shape.slice(0, 2) as [number, number];
}
