/**
 * A PNG encoder.
 *
 * @module
 */
import { checkPicture, type Picture } from "./picture.ts";
import { writePngChunks } from "./png_chunks.ts";
import { filterRow } from "./png_filter.ts";
import { textChunk } from "./png_text.ts";
import { deflate } from "./zlib.ts";

/** What goes into a PNG beside the picture. */
export interface PngOptions {
  /** Text by keyword, written before the picture in this order. */
  readonly text?: Readonly<Record<string, string>>;
}

/** Colour types in `IHDR`. */
const COLOUR_TYPE = { 1: 0, 3: 2, 4: 6 } as const;

/**
 * Writes a PNG of 8 bits a sample, without losses and without dates: the same picture and text give
 * the same bytes on one platform. (Another platform's deflate may pack the same pixels otherwise.)
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodePng } from "./decode_png.ts";
 * import { encodePng } from "./encode_png.ts";
 *
 * const picture = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) } as const;
 * const png = await encodePng(picture, { text: { Title: "Night and day" } });
 * assertEquals(await decodePng(png), picture);
 * ```
 * @throws {RangeError} If the picture's data does not have the size that it says.
 * @throws {ImageError} If a keyword or text cannot be written (see {@linkcode textChunk}).
 */
export async function encodePng(picture: Picture, options: PngOptions = {}): Promise<Uint8Array> {
  checkPicture(picture);
  const { width, height, channels, data } = picture;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = COLOUR_TYPE[channels];

  const rowBytes = width * channels;
  const filtered = new Uint8Array(height * (1 + rowBytes));
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * rowBytes, (y + 1) * rowBytes);
    const out = filtered.subarray(y * (1 + rowBytes), (y + 1) * (1 + rowBytes));
    filterRow(row, above, { step: channels, out });
    above = row;
  }
  return writePngChunks([
    { type: "IHDR", data: header },
    ...Object.entries(options.text ?? {}).map(([keyword, text]) => textChunk(keyword, text)),
    { type: "IDAT", data: await deflate(filtered) },
    { type: "IEND", data: new Uint8Array(0) },
  ]);
}
