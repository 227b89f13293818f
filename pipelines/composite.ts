/**
 * What was made, put into the picture that was given.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { convertPicture, fitPicture } from "../formats/images/vae_image_processor.ts";
import type { Region } from "./crop_region.ts";

/** What a picture is put into, and where. */
export interface CompositeOptions {
  /** The given picture. */
  readonly into: Picture;
  /** What is repainted: one channel, of the given picture's size. */
  readonly mask: Picture;
  /** Grey in the mask blends; otherwise it is cut at half. */
  readonly soft: boolean;
  /** The part that was made; all of the picture if absent. */
  readonly region?: Region | undefined;
}

/**
 * Puts a picture that was made into the one that was given. It is brought to the size of its part; pixels whose mask is black
 * stay bit for bit.
 */
export function composite(
  made: Picture,
  { into, mask, soft, region }: CompositeOptions,
): Picture {
  const base = convertPicture(into, "rgb");
  const { left, top, width, height } = region ?? { left: 0, top: 0, ...into };
  const { data: pixels } = convertPicture(
    fitPicture(made, {
      width,
      height,
      mode: region === undefined ? "default" : "crop",
      filter: "lanczos",
    }),
    "rgb",
  );
  const data = base.data.slice();
  for (let at = 0; at < width * height; at++) {
    const pixel = (top + Math.floor(at / width)) * into.width + left + at % width;
    const value = mask.data[pixel]!;
    const share = soft ? value : value < 128 ? 0 : 255;
    for (let channel = 0; channel < 3; channel++) {
      const [old, fresh] = [base.data[3 * pixel + channel]!, pixels[3 * at + channel]!];
      data[3 * pixel + channel] = Math.round((old * (255 - share) + fresh * share) / 255);
    }
  }
  return { width: into.width, height: into.height, channels: 3, data };
}
