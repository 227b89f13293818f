/**
 * How an autoencoder is tiled, as a caller says it.
 *
 * @module
 */
import { checkInteger, SettingsError } from "../settings.ts";
import { checkMemory } from "./tiling_cost.ts";

/**
 * `seamless`: what takes in the whole picture, attention and the statistics of normalisations, is taken from the whole, so that
 * tiles agree where they meet; costs about twice the work. A network that cannot be taken apart for that, such as an ONNX file,
 * makes each tile for itself, with a warning; they fade into each other all the same.
 *
 * `blended`: each tile as if it were all there is, as diffusers' `enable_tiling()` has it, with the same numbers; their colours
 * may differ, and the grid may show.
 */
export type AutoencoderTiling = "seamless" | "blended";

/**
 * Tiles of an autoencoder.
 *
 * @example
 * ```ts
 * import { pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("text-to-image", "shapes", { backend: "reference" });
 * const { cost } = await generate({
 *   prompt: "a purple ring",
 *   steps: 1,
 *   width: 64,
 *   height: 32,
 *   autoencoderTiles: { size: 32, overlap: 16 },
 * });
 * cost!.decoder!.tiles; // 3
 * ```
 */
export interface AutoencoderTiles {
  /** Side of a tile in pixels, a multiple of the autoencoder's factor. A picture that fits in one is not tiled. */
  readonly size: number;
  /**
   * How far neighbours overlap in pixels, for `blended` a multiple of the factor. Default: as far as a tile's border is felt, at
   * most half of the size; for `blended` a quarter.
   */
  readonly overlap?: number;
  /** Default `seamless`. */
  readonly method?: AutoencoderTiling;
}

/** What a call says of its autoencoder's tiles. */
export interface AutoencoderTilesOptions {
  /**
   * Tiles for the autoencoder, whose memory grows with the picture; `off` for none. Default `auto`: none as long as it fits in
   * `memory`, else the largest seamless tiles that do.
   */
  readonly autoencoderTiles?: AutoencoderTiles | "auto" | "off";
  /**
   * Bytes that the autoencoder's intermediate results may take before `auto` tiles. Default 4 GB, what WebAssembly can address. The
   * middle of the autoencoder, on the side of the latents, is tiled too where it alone takes more; attention then sees one tile at
   * a time, of which a warning tells.
   */
  readonly memory?: number;
}

/** A call's tiles, checked: null for none, undefined for as many as memory makes necessary. */
export interface CheckedTiles {
  readonly asked:
    | Required<Omit<AutoencoderTiles, "overlap">> & Pick<AutoencoderTiles, "overlap">
    | null
    | undefined;
  readonly memory: number;
}

const MEMORY = 4e9;

/** The longest side of a picture. */
const MAX_SIDE = 65_536;

/** A call's tiles as they are written into pictures; nothing where they are at their defaults. */
export function autoencoderTileSettings(
  { asked, memory }: CheckedTiles,
): Readonly<Record<string, string | number>> {
  if (asked === null) return { "VAE tile": "off" };
  if (asked === undefined) return memory === MEMORY ? {} : { "VAE memory": memory };
  const { size, overlap, method } = asked;
  return {
    "VAE tile": size,
    ...(overlap === undefined ? {} : { "VAE tile overlap": overlap }),
    ...(method === "seamless" ? {} : { "VAE tile method": method }),
  };
}

/**
 * Checks what a call says.
 *
 * @param factor Pixels a side of a latent position has.
 * @throws {SettingsError} If it cannot be used.
 */
export function readAutoencoderTiles(
  { autoencoderTiles: tiles = "auto", memory = MEMORY }: AutoencoderTilesOptions,
  factor: number,
): CheckedTiles {
  checkMemory(memory);
  if (tiles === "auto") return { asked: undefined, memory };
  if (tiles === "off") return { asked: null, memory };
  if (typeof tiles !== "object" || tiles === null) {
    throw new SettingsError(
      `Cannot use autoencoderTiles ${
        JSON.stringify(tiles)
      }: wanted auto, off or { size, overlap, method }`,
    );
  }
  const { size, overlap, method = "seamless" } = tiles;
  checkInteger("the size of the autoencoder's tiles", size, { min: factor, max: MAX_SIDE });
  if (size % factor !== 0) {
    throw new SettingsError(
      `Cannot use autoencoder tiles of ${size} pixels: a side must be a multiple of ${factor}`,
    );
  }
  if (overlap !== undefined) {
    checkInteger("the overlap of the autoencoder's tiles", overlap, { min: 0, max: size - 1 });
  }
  if (method === "blended" && (overlap ?? 0) % factor !== 0) {
    throw new SettingsError(
      `Cannot blend autoencoder tiles over ${overlap} pixels: it must be a multiple of ${factor}`,
    );
  }
  if (method !== "seamless" && method !== "blended") {
    throw new SettingsError(
      `Cannot tile an autoencoder by ${JSON.stringify(method)}: wanted seamless or blended`,
    );
  }
  return { asked: { size, method, ...(overlap === undefined ? {} : { overlap }) }, memory };
}
