/**
 * Taking encoders and decoders apart where tiles can begin or end.
 *
 * @module
 */
import type { Graph, ValueId } from "../../graph/graph.ts";
import { subgraphs } from "../../graph/passes/subgraphs.ts";
import { type NormLayout, normLayout } from "./shared_statistics.ts";

/** An encoder or decoder in two parts. Their inputs are called `x0`, their outputs `y0`, `y1`, … */
export interface SplitAutoencoder {
  /** What takes in the whole picture, the middle with its attention and all on its small side: for all latents. */
  readonly middle: Graph;
  /** What is left, on the side of the pixels: for a tile. */
  readonly rest: Graph;
  /** The normalisations of the rest. */
  readonly layout: NormLayout;
}

/** A graph for all there is, and for a tile. */
export interface WholeAndTile {
  readonly whole: Graph;
  readonly tile: Graph;
}

/** Takes a decoder apart behind its middle; undefined if it has none, or what follows sees more than what comes from there. */
export function splitDecoder({ whole, tile }: WholeAndTile): SplitAutoencoder | undefined {
  const path = "decoder.mid_block";
  const [end, begin] = [whole.modules.get(path), tile.modules.get(path)];
  if (end === undefined || begin === undefined) return undefined;
  const middle = subgraphs(whole)({ given: new Set(), outputs: [end] });
  const rest = subgraphs(tile)({ given: new Set([begin]), outputs: outputsOf(tile) });
  return checked({ middle, rest });
}

/** Takes an encoder apart before its middle, likewise. */
export function splitEncoder({ whole, tile }: WholeAndTile): SplitAutoencoder | undefined {
  const [begin, end] = [lastDownBlock(whole), lastDownBlock(tile)];
  if (begin === undefined || end === undefined) return undefined;
  const rest = subgraphs(tile)({ given: new Set(), outputs: [end] });
  const middle = subgraphs(whole)({ given: new Set([begin]), outputs: outputsOf(whole) });
  return checked({ middle, rest });
}

function lastDownBlock({ modules }: Graph): ValueId | undefined {
  const at = (level: number) => modules.get(`encoder.down_blocks.${level}`);
  let last = 0;
  while (at(last + 1) !== undefined) last++;
  return at(last);
}

const outputsOf = ({ outputs }: Graph): ValueId[] => outputs.map(({ id }) => id);

function checked(parts: Omit<SplitAutoencoder, "layout">): SplitAutoencoder | undefined {
  const layout = normLayout(parts.rest);
  const single = parts.middle.inputs.length === 1 && parts.rest.inputs.length === 1;
  return layout === undefined || !single ? undefined : { ...parts, layout };
}
