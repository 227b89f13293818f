/**
 * Pictures from files.
 *
 * @module
 */
import type { GoldenCase } from "../../conformance/golden_case.ts";
import { decodePicture } from "../../formats/images/decode_picture.ts";
import type { RgbPicture } from "./segment_picture.ts";

/**
 * The pictures of a golden case, `output.images` of bytes `[n, height, width, 3]`.
 *
 * @throws {Error} If it has no such tensor.
 */
export function readPictures(golden: GoldenCase): readonly RgbPicture[] {
  const images = golden.tensors.get("output.images");
  if (images?.dtype !== "u8" || images.shape.length !== 4 || images.shape[3] !== 3) {
    const found = images === undefined ? "absent" : `${images.dtype}[${images.shape.join(", ")}]`;
    throw new Error(
      `Cannot read the pictures: output.images is ${found}, not u8[n, height, width, 3]`,
    );
  }
  const [count, height, width] = images.shape as readonly [number, number, number];
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({
    height,
    width,
    data: images.data.subarray(i * size, (i + 1) * size),
  }));
}

/**
 * A picture from the bytes of a file: by the end of its name `.rgb`, a square of raw bytes `[size, size, 3]`, else a PNG or
 * JPEG.
 *
 * @throws {Error} If raw bytes are not a square, or the file is not of a format that is read.
 */
export async function readPicture(
  name: string,
  bytes: Uint8Array,
): Promise<RgbPicture> {
  if (name.endsWith(".rgb")) {
    const size = Math.round(Math.sqrt(bytes.length / 3));
    if (size * size * 3 !== bytes.length) {
      throw new Error(
        `Cannot read ${name}: ${bytes.length} bytes are not three for each pixel of a square`,
      );
    }
    return { height: size, width: size, data: bytes };
  }
  const { height, width, channels, data } = await decodePicture(bytes);
  if (channels === 3) return { height, width, data };
  const rgb = new Uint8Array(height * width * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3);
    rgb[i] = data[channels === 1 ? pixel : pixel * channels + i % 3]!;
  }
  return { height, width, data: rgb };
}
