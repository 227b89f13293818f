/**
 * The autoencoder of a space of samples, for the sizes of a call.
 *
 * @module
 */
import type { SpaceParts } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";
import { tiledAutoencoder } from "./tiled_autoencoder.ts";
import {
  type AutoencoderTilesOptions,
  type CheckedTiles,
  readAutoencoderTiles,
} from "./tiling/autoencoder_tiles.ts";
import type { Coders } from "./tiling/coders.ts";
import type { AutoencoderCost } from "./tiling/tiling_cost.ts";

/**
 * A call's tiles; null where samples are pixels.
 *
 * @throws {SettingsError} If they cannot be used.
 */
export function readSpaceTiles(
  options: AutoencoderTilesOptions,
  { autoencoder, factor }: SpaceParts["space"],
): CheckedTiles | null {
  if (autoencoder !== null) return readAutoencoderTiles(options, factor);
  for (const name of ["autoencoderTiles", "memory"] as const) {
    if (options[name] === undefined) continue;
    throw new SettingsError(
      `Cannot use ${name}: the model works on pixels, without an autoencoder`,
    );
  }
  return null;
}

/** What a call does with the autoencoder, if there is one. */
export interface SpaceCall {
  readonly tiles: CheckedTiles | null;
  /** Of the samples: `[n, c, h, w]`. */
  readonly shape: readonly number[];
  /** Pictures that are encoded at once. Default 0. */
  readonly pictures?: number;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The coders between samples of a shape and pictures; undefined where samples are pixels. */
export async function spaceCoders(
  { model, arithmetic, space: { autoencoder } }: SpaceParts,
  { tiles, shape, pictures = 0, onWarning }: SpaceCall,
): Promise<Coders | undefined> {
  if (autoencoder === null || tiles === null) return undefined;
  const { name } = autoencoder;
  return await tiledAutoencoder({ model, arithmetic }, {
    name,
    tiles,
    latentShape: shape,
    pictures,
    onWarning,
  });
}

/** What a result says of them. */
export function costOf(coders: Coders | undefined): { readonly cost?: AutoencoderCost } {
  return coders === undefined ? {} : { cost: coders.cost };
}
