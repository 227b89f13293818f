/**
 * An autoencoder as a call uses it: whole, or in tiles.
 *
 * @module
 */
import { peakBytes } from "../graph/passes/peak_bytes.ts";
import { f32 } from "../graph/tensor_spec.ts";
import type { AutoencoderBlocksConfig } from "../models/autoencoder_blocks.ts";
import { autoencoderFactor } from "../models/autoencoder_kl.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Model } from "./model.ts";
import { readAutoencoderKLConfig } from "./networks/autoencoder_kl.ts";
import { readVQModelConfig } from "./networks/vq_model.ts";
import { ProgramCache } from "./program_cache.ts";
import type { CheckedTiles } from "./tiling/autoencoder_tiles.ts";
import { blendedAutoencoder, blendedCost } from "./tiling/blended_autoencoder.ts";
import { coderTiles, type CoderTilesOptions } from "./tiling/coder_tiles.ts";
import { type Coders, encoderSource } from "./tiling/coders.ts";
import { decoderReach, tiledDecoder } from "./tiling/tiled_decoder.ts";
import { encoderReach, tiledEncoder } from "./tiling/tiled_encoder.ts";
import { splitDecoder, splitEncoder } from "./tiling/split_autoencoder.ts";
import { seamlessOverlap } from "./tiling/tiling_cost.ts";

/** What a call does with its autoencoder. */
export interface AutoencoderCall {
  /** The component's name. */
  readonly name: string;
  readonly tiles: CheckedTiles;
  /** Latents that are decoded: `[n, c, h, w]`. */
  readonly latentShape: readonly number[];
  /** Pictures that are encoded at once; 0 if none are. */
  readonly pictures: number;
  /** Told if tiles cannot be made seamless. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

interface Parts {
  readonly model: Model;
  readonly arithmetic: Arithmetic;
}

/**
 * Chooses tiles for a call and compiles what decodes in them.
 *
 * @throws {SettingsError} If tiles that were asked for cannot be laid.
 */
export async function tiledAutoencoder(
  { model, arithmetic }: Parts,
  { name, tiles: { asked, memory }, latentShape, pictures, onWarning }: AutoencoderCall,
): Promise<Coders> {
  const component = await model.component(name);
  const { blocks, inChannels } = autoencoderConfig(model, name);
  const factor = autoencoderFactor(blocks);
  const [n, c, height, width] = latentShape as [number, number, number, number];
  const whole = { height, width };
  const decode: GraphOf = (sides) =>
    component.graph({ z: f32(n, c, sides.height, sides.width) }, "decode");
  const encode: GraphOf = (sides) =>
    component.graph({
      x: f32(pictures, inChannels, factor * sides.height, factor * sides.width),
    }, "encode");
  const parts = { component, arithmetic, backend: model.backend, factor };
  if (asked?.method === "blended") {
    const tile = asked.size / factor;
    const overlap = asked.overlap === undefined ? tile >> 2 : asked.overlap / factor;
    const layout = { tile, overlap };
    const costOf = (graph: GraphOf) =>
      blendedCost(whole, { ...layout, bytes: (sides) => peakBytes(graph(sides)) });
    const cost = { decoder: costOf(decode), encoder: pictures > 0 ? costOf(encode) : null };
    if (cost.decoder.tiles > 1) {
      return await blendedAutoencoder(parts, { ...layout, latentShape, cost });
    }
    return { encoder: component, decoder: component, cost, [Symbol.dispose]() {} };
  }
  const reaches = { decoder: decoderReach(blocks, "tail"), encoder: encoderReach(blocks) };
  const choose = (
    { reach, entire }: { readonly reach: number; readonly entire: number },
    coder: Pick<CoderTilesOptions, "graph" | "split">,
  ) =>
    coderTiles(whole, {
      name,
      memory,
      ...seamlessTiles(asked, { reach, factor }),
      overlapApart: seamlessOverlap(entire),
      scoresAtOnce: model.backend.scoresAtOnce,
      ...coder,
    });
  const decoding = choose({ reach: reaches.decoder, entire: decoderReach(blocks) }, {
    graph: decode,
    split: splitDecoder,
  });
  const encoding = pictures === 0
    ? undefined
    : choose({ reach: reaches.encoder, entire: encoderReach(blocks, "whole") }, {
      graph: encode,
      split: splitEncoder,
    });
  const cost = { decoder: decoding.cost, encoder: encoding?.cost ?? null };
  const warning = decoding.warning ?? encoding?.warning;
  if (warning !== undefined) onWarning?.(warning);
  using stack = new DisposableStack();
  const decoder = cost.decoder.tiles === 1 ? component : stack.use(
    await tiledDecoder(component, decoding.grid, {
      ...parts,
      channels: [n, c],
      apart: decoding.apart,
      reach: reaches.decoder,
    }),
  );
  const encoder = encoding === undefined || encoding.cost.tiles === 1
    ? component
    : encoderSource(component, stack.use(new ProgramCache()), ([m, channels], outputs) =>
      tiledEncoder(component, encoding.grid, {
        ...parts,
        channels: [m, channels],
        outputs,
        apart: encoding.apart,
        reach: reaches.encoder,
      }));
  const owned = stack.move();
  return { encoder, decoder, cost, [Symbol.dispose]: () => owned.dispose() };
}

type GraphOf = CoderTilesOptions["graph"];

/** Seamless tiles that were asked for, in latent positions, and how far they overlap if nobody says. */
function seamlessTiles(
  asked: CheckedTiles["asked"],
  { reach, factor }: { readonly reach: number; readonly factor: number },
): Pick<CoderTilesOptions, "asked" | "overlap"> {
  const overlap = seamlessOverlap(reach);
  if (!asked) return { asked, overlap };
  const size = asked.size / factor;
  const wanted = asked.overlap === undefined
    ? Math.min(overlap, size >> 1)
    : Math.min(Math.ceil(asked.overlap / factor), size - 1);
  return { asked: { size, overlap: wanted }, overlap };
}

/** What an autoencoder's configuration says, whatever its class. */
export function autoencoderConfig(
  { folder }: Model,
  name: string,
): { readonly blocks: AutoencoderBlocksConfig; readonly inChannels: number } {
  const { className, readConfig } = folder.component(name);
  return className === "VQModel"
    ? readVQModelConfig(readConfig())
    : readAutoencoderKLConfig(readConfig());
}
