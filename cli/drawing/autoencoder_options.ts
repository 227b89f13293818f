/**
 * The options that say how an autoencoder works on large pictures.
 *
 * @module
 */
import type { AutoencoderTilesOptions } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import type { Option } from "../command.ts";
import { UsageError } from "../usage_error.ts";

/** What commands have that cross between pictures and latents. */
export const AUTOENCODER_OPTIONS: readonly Option[] = [
  {
    name: "vae-tile",
    value: "N|off",
    help: "side in pixels of the autoencoder's tiles (default: as large as 4 GB allow)",
  },
  {
    name: "vae-tile-overlap",
    value: "N",
    help: "how far they overlap (default: as far as a border is felt)",
  },
  {
    name: "vae-tile-method",
    value: "NAME",
    help: "seamless (default), or blended as in diffusers: faster, but seams may show",
  },
];

/**
 * What was said of the autoencoder's tiles.
 *
 * @throws {UsageError} If it cannot be used.
 */
export function autoencoderArguments(args: Arguments): AutoencoderTilesOptions {
  const method = args.choice("vae-tile-method", ["seamless", "blended"]);
  const overlap = args.integer("vae-tile-overlap", { min: 0, max: 16384 });
  const off = args.text("vae-tile") === "off";
  const size = off ? undefined : args.integer("vae-tile", { min: 1, max: 16384 });
  if (size !== undefined) {
    return {
      autoencoderTiles: {
        size,
        ...(overlap === undefined ? {} : { overlap }),
        ...(method === undefined ? {} : { method }),
      },
    };
  }
  const without = overlap !== undefined ? "overlap" : method !== undefined ? "method" : undefined;
  if (without !== undefined) {
    throw new UsageError(`Cannot use --vae-tile-${without} without a size: give --vae-tile too`);
  }
  return off ? { autoencoderTiles: "off" } : {};
}
