/**
 * JPEG by the platform's own codec: `createImageBitmap` and `OffscreenCanvas`, which browsers
 * have, and server runtimes partly.
 *
 * @module
 */
import { decodePng } from "./decode_png.ts";
import type { JpegCodec } from "./jpeg_codec.ts";
import { readJpegHeader } from "./jpeg_header.ts";

/**
 * The platform's JPEG codec. Pixels come back as a PNG from a canvas that only shows a bitmap, since
 * not every platform has a 2d canvas.
 */
export function nativeJpeg(): JpegCodec {
  return {
    name: "native",
    async decode(bytes) {
      const { components, exif } = readJpegHeader(bytes);
      // Without EXIF, since some platforms turn the picture upright and others do not.
      const parts = [0, ...exif.flat(), bytes.length];
      const kept = parts.flatMap((start, i) =>
        i % 2 === 0 ? [new Uint8Array(bytes.subarray(start, parts[i + 1]))] : []
      );
      const bitmap = await createImageBitmap(new Blob(kept, { type: "image/jpeg" }), {
        colorSpaceConversion: "none",
        premultiplyAlpha: "none",
      });
      const { width, height, channels, data } = await decodePng(await toBlob(bitmap, "image/png"), {
        maxPixels: Infinity,
      });
      const wanted = components === 1 ? 1 : 3;
      const pixels = new Uint8Array(width * height * wanted);
      for (let i = 0; i < width * height; i++) {
        for (let c = 0; c < wanted; c++) {
          pixels[i * wanted + c] = data[i * channels + (channels === 1 ? 0 : c)]!;
        }
      }
      return { width, height, format: wanted === 1 ? "grey" : "rgb", data: pixels };
    },
    async encode({ width, height, data }, quality) {
      const image = new ImageData(new Uint8ClampedArray(data), width, height);
      return await toBlob(await createImageBitmap(image), "image/jpeg", quality / 100);
    },
  };
}

async function toBlob(bitmap: ImageBitmap, type: string, quality?: number): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("bitmaprenderer");
  if (!context) throw new Error("Cannot read a bitmap: the canvas has no bitmap renderer");
  context.transferFromImageBitmap(bitmap);
  const blob = await canvas.convertToBlob(quality === undefined ? { type } : { type, quality });
  if (blob.type !== type) {
    throw new Error(`Cannot write ${type}: the platform writes ${blob.type} only`);
  }
  return new Uint8Array(await blob.arrayBuffer());
}
