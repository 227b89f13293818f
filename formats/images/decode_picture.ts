/**
 * Decodes picture files.
 *
 * @module
 */
import type { DecodeOptions } from "./decode_options.ts";
import { decodePng, readPngOrientation } from "./decode_png.ts";
import { jpegCodec, type JpegPixels } from "./jpeg_codec.ts";
import { isJpeg, readJpegHeader } from "./jpeg_header.ts";
import { checkDimensions, checkFileSize, type ImageLimits } from "./limits.ts";
import { ImageError, type Picture } from "./picture.ts";
import { isPng } from "./png_chunks.ts";
import { type Orientation, upright } from "./upright.ts";

/**
 * Decodes a PNG or JPEG to 8-bit samples; photos are turned upright by their EXIF orientation.
 *
 * The header and the whole structure are checked before pixels are decoded, and memory is bounded
 * by the limits whatever the file says.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodePicture } from "./decode_picture.ts";
 * import { encodePng } from "./encode_png.ts";
 *
 * const picture = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 128, 0) } as const;
 * assertEquals(await decodePicture(await encodePng(picture)), picture);
 * ```
 * @throws {ImageError} If the file is neither PNG nor JPEG, is damaged, truncated, animated or of a
 * kind that is not supported, or exceeds the limits.
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Picture> {
  checkFileSize(bytes, options);
  if (isPng(bytes)) return await decodePng(bytes, options);
  if (isJpeg(bytes)) return await decodeJpeg(bytes, options);
  throw new ImageError(
    `Cannot decode a picture of ${bytes.length} bytes: it is ${describeFormat(bytes)}; ` +
      "PNG and JPEG are supported",
  );
}

/**
 * The orientation that the EXIF data of a JPEG or PNG asks for: 1, which is upright, if it asks for nothing or the file is
 * neither.
 *
 * @throws {ImageError} If the file is damaged.
 */
export function readOrientation(bytes: Uint8Array): Orientation {
  if (isPng(bytes)) return readPngOrientation(bytes);
  return isJpeg(bytes) ? readJpegHeader(bytes).orientation : 1;
}

async function decodeJpeg(bytes: Uint8Array, options: DecodeOptions): Promise<Picture> {
  const { width, height, orientation } = checkedHeader(bytes, options);
  const codec = await jpegCodec();
  const pixels = await codec.decode(bytes).catch((cause: unknown) => {
    throw new ImageError(`Cannot decode a JPEG of ${bytes.length} bytes: its data is damaged`, {
      cause,
    });
  });
  if (pixels.width !== width || pixels.height !== height) {
    throw new ImageError(
      `Cannot decode a JPEG of ${width} x ${height} pixels: it gives ${pixels.width} x ${pixels.height}`,
    );
  }
  const picture = toPicture(pixels);
  return options.keepOrientation ? picture : upright(picture, orientation);
}

function checkedHeader(
  bytes: Uint8Array,
  limits: ImageLimits,
): ReturnType<typeof readJpegHeader> {
  const header = readJpegHeader(bytes);
  checkDimensions({ format: "JPEG", ...header }, limits);
  return header;
}

function toPicture({ width, height, format, data }: JpegPixels): Picture {
  switch (format) {
    case "grey":
      return { width, height, channels: 1, data };
    case "rgb":
      return { width, height, channels: 3, data };
    case "cmyk":
      return { width, height, channels: 3, data: cmykToRgb(data) };
  }
}

/** Without a profile, as Pillow does: each ink and black take light away one after the other. */
function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray(cmyk.length / 4 * 3);
  for (let i = 0; i < cmyk.length / 4; i++) {
    const light = 255 - cmyk[4 * i + 3]!;
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = light - divide255(cmyk[4 * i + c]! * light);
  }
  return new Uint8Array(rgb.buffer);
}

/** `n / 255` rounded, for n of two bytes' product. */
function divide255(n: number): number {
  return ((n + 128) + ((n + 128) >> 8)) >> 8;
}

/** First bytes of common files that are not supported, so that the message can name them. */
const OTHERS: readonly (readonly [number, string, string])[] = [
  [0, "GIF8", "a GIF"],
  [8, "WEBP", "a WebP"],
  [4, "ftypavif", "an AVIF"],
  [4, "ftyphei", "a HEIF"],
  [0, "BM", "a BMP"],
  [0, "II*\0", "a TIFF"],
  [0, "MM\0*", "a TIFF"],
];

function describeFormat(bytes: Uint8Array): string {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  return OTHERS.find(([at, magic]) => head.startsWith(magic, at))?.[2] ?? "no image";
}
