/**
 * Which code decodes and encodes JPEG here.
 *
 * Both codecs load lazily and need no permission but reading. They differ by rounding: of decoded
 * bytes, by 3 at most on ordinary photos.
 *
 * @module
 */

/** Pixels as a codec gives them: interleaved bytes. */
export interface JpegPixels {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** 1, 3 or 4 bytes a pixel; of CMYK, 255 is full ink. */
  readonly format: "grey" | "rgb" | "cmyk";
  /** `[height, width, bytes a pixel]`. */
  readonly data: Uint8Array;
}

/** Decodes and encodes whole JPEG files; EXIF orientation is left alone. */
export interface JpegCodec {
  /** `"imagescript"` is a WebAssembly module that is the same everywhere, `"native"` the platform's. */
  readonly name: "imagescript" | "native";
  /** Rejects for files that it cannot decode. */
  readonly decode: (bytes: Uint8Array) => Promise<JpegPixels>;
  /** `pixels` are RGBA with full alpha; `quality` is 1 to 100. */
  readonly encode: (
    pixels: { readonly width: number; readonly height: number; readonly data: Uint8Array },
    quality: number,
  ) => Promise<Uint8Array>;
}

let codec: Promise<JpegCodec> | undefined;

/**
 * The codec in use: imagescript's where its module can be loaded, and the platform's own where
 * not, as in browsers.
 */
export function jpegCodec(): Promise<JpegCodec> {
  return codec ??= import("./imagescript_jpeg.ts")
    .then(({ imagescriptJpeg }) => imagescriptJpeg())
    .catch(async () => (await import("./native_jpeg.ts")).nativeJpeg());
}
