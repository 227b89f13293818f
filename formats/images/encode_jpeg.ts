/**
 * A JPEG encoder.
 *
 * @module
 */
import { jpegCodec } from "./jpeg_codec.ts";
import { checkPicture, ImageError, type Picture } from "./picture.ts";

/** How a JPEG is written. */
export interface JpegOptions {
  /** 1 to 100, 90 if absent. */
  readonly quality?: number;
}

/** Sides are 16-bit numbers in a JPEG's frame. */
const MAX_SIDE = 65535;

/**
 * Writes a JPEG; the same picture gives the same bytes. Grey is written as colour.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodePicture } from "./decode_picture.ts";
 * import { encodeJpeg } from "./encode_jpeg.ts";
 *
 * const black = { width: 8, height: 8, channels: 3, data: new Uint8Array(8 * 8 * 3) } as const;
 * assertEquals(await decodePicture(await encodeJpeg(black, { quality: 80 })), black);
 * ```
 * @throws {RangeError} If `quality` is no integer from 1 to 100, or the picture's data does not have
 * the size that it says.
 * @throws {ImageError} If a pixel is not opaque, which JPEG cannot say, or a side is over 65535.
 */
export async function encodeJpeg(picture: Picture, options: JpegOptions = {}): Promise<Uint8Array> {
  const { quality = 90 } = options;
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new RangeError(
      `Cannot write a JPEG of quality ${quality}: an integer in 1..100 is wanted`,
    );
  }
  checkPicture(picture);
  const { width, height } = picture;
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw new ImageError(
      `Cannot write a JPEG of ${width} x ${height} pixels: sides are at most ${MAX_SIDE}`,
    );
  }
  return await (await jpegCodec()).encode({ width, height, data: opaque(picture) }, quality);
}

/** RGBA with full alpha. */
function opaque({ width, height, channels, data }: Picture): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    if (channels === 4 && data[4 * i + 3] !== 255) {
      throw new ImageError(
        `Cannot write a JPEG: the pixel at (${i % width}, ${Math.floor(i / width)}) has alpha ` +
          `${data[4 * i + 3]}, and JPEG knows opaque pixels only`,
      );
    }
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[i * channels + (channels === 1 ? 0 : c)]!;
  }
  return rgba;
}
