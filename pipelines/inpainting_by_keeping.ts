/**
 * Inpainting by pipelines whose masks say what is kept, as RePaint's and Palette's do.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { composePictures } from "./compose_pictures.ts";
import { readPictures } from "./given_pictures.ts";
import { greyMask } from "./inpainting_mask.ts";
import type { InpaintingOptions, InpaintingResult } from "./inpainting_options.ts";
import { keptPositions, readKeepMask } from "./kept_region.ts";
import { repeatPictures } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";

/** What a listener hears of a context that is not shown to it. */
export const NOTHING: HostTensorOf<"f32"> = {
  dtype: "f32",
  shape: [0, 0, 0],
  data: new Float32Array(0),
};

/**
 * Refuses options that a method has no use for.
 *
 * @throws {SettingsError} If one is given.
 */
export function refuseUnused(
  options: InpaintingOptions,
  { method, unused }: {
    readonly method: string;
    readonly unused: readonly (keyof InpaintingOptions)[];
  },
): void {
  for (const name of unused) {
    if (options[name] === undefined || options[name] === false || options[name] === "") continue;
    throw new SettingsError(`Cannot use ${name} with ${method}: it has no such thing`);
  }
}

/** What a call keeps of its pictures. */
export interface KeptPictures {
  /** The masks turned over: white is kept. */
  readonly keepMask: readonly Picture[];
  /** Puts what was made into the given pictures. */
  compose(made: readonly Picture[]): readonly Picture[];
}

/**
 * Reads pictures and masks; warns of masks that ask for nothing.
 *
 * @throws {SettingsError} If they cannot be used.
 */
export function readKept(options: InpaintingOptions): KeptPictures {
  const { invertMask: invert = false, width, height, onWarning } = options;
  const pictures = readPictures("image", options.image);
  const masks = readPictures("mask", options.mask).map((mask) => greyMask(mask, { invert }));
  if (masks.every(({ data }) => data.every((value) => value < 128))) {
    onWarning?.("The mask is black: nothing is repainted");
  }
  const resized = width !== undefined || height !== undefined;
  return {
    keepMask: masks.map((mask) => greyMask(mask, { invert: true })),
    compose: (made) =>
      composePictures(made, { pictures, masks, sides: resized ? made[0] : undefined }),
  };
}

/** What was made, in positions of the sample `[n, 1, h, w]`: 1 where it was. */
export function madePositions(
  keepMask: readonly Picture[],
  { tensor, latents }: Pick<InpaintingResult, "tensor" | "latents">,
): HostTensorOf<"f32"> {
  const [height, width] = tensor.shape.slice(2) as [number, number];
  const keep = readKeepMask(keepMask, { sides: { width, height }, count: keepMask.length });
  const kept = keptPositions(keep, height / latents.shape[2]!);
  const made = { ...kept, data: kept.data.map((value) => 1 - value) };
  return repeatPictures(made, latents.shape[0]!);
}
