/**
 * A call's pictures, put into those that were given.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { resize } from "../formats/images/resize.ts";
import { composite } from "./composite.ts";
import type { Region } from "./crop_region.ts";
import type { Sides } from "./given_pictures.ts";
import { maskOf } from "./inpainting_mask.ts";

/** What pictures are put into; lists hold one for all, or one each. */
export interface ComposeOptions {
  readonly pictures: readonly Picture[];
  /** One channel each, white is repainted; null for all of a picture. */
  readonly masks: readonly Picture[] | null;
  /** Grey in a mask blends; otherwise it is cut at half. */
  readonly soft?: boolean;
  /** The sides of what comes out. Default: those of the given pictures. */
  readonly sides?: Sides | undefined;
  /** The parts that were made; all of a picture if absent. */
  readonly regions?: readonly Region[] | undefined;
}

/** Puts pictures that were made into those that were given: those of the first picture, of the second, … */
export function composePictures(
  made: readonly Picture[],
  { pictures, masks, soft = false, sides, regions }: ComposeOptions,
): readonly Picture[] {
  const count = made.length;
  return made.map((picture, at) => {
    const own = pick(pictures, { at, count });
    const into = sides === undefined ? own : resize(own, { ...sides, filter: "lanczos" });
    const mask = masks === null ? white(into) : maskOf(pick(masks, { at, count }), into);
    const region = regions && pick(regions, { at, count });
    return composite(picture, { into, mask, soft, region });
  });
}

/** Of one for all, or one each of `count`. */
export function pick<T>(list: readonly T[], { at, count }: { at: number; count: number }): T {
  return list[Math.floor(at * list.length / count)]!;
}

function white({ width, height }: Sides): Picture {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(255) };
}
