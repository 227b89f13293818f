/**
 * How the camera was held, from a photo's EXIF data.
 *
 * @module
 */
import type { Orientation } from "./upright.ts";

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/**
 * Reads the orientation from EXIF data, which is a TIFF file: entries of 12 bytes (tag, type, count,
 * value) in the first directory (EXIF 2.3, section 4.6.4 A).
 *
 * What is missing or damaged means 1, upright: no picture is refused for its notes.
 */
export function readExifOrientation(tiff: Uint8Array): Orientation {
  const order = String.fromCharCode(...tiff.subarray(0, 2));
  if (order !== "II" && order !== "MM") return 1;
  const little = order === "II";
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8 || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return 1;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 8, little);
    const known = view.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8;
    return known ? value as Orientation : 1;
  }
  return 1;
}
