/**
 * The container of PNG: a signature, then chunks of length, type, data and CRC
 * (W3C PNG, third edition, section 5).
 *
 * @module
 */
import { ImageError } from "./picture.ts";

/** A chunk; `data` is a view of the file. */
export interface PngChunk {
  /** Four letters, `IHDR`. */
  readonly type: string;
  /** What the chunk holds. */
  readonly data: Uint8Array;
}

const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether a file begins as PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * The chunks of a PNG file in order, `IHDR` to `IEND`; what follows `IEND` is not looked at.
 *
 * @throws {ImageError} If the file is no PNG, is truncated, or a chunk's CRC is wrong.
 */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk, void, void> {
  if (!isPng(bytes)) throw new ImageError("Cannot read a PNG: the signature is missing");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = SIGNATURE.length;;) {
    if (offset + 12 > bytes.length) throw truncated(bytes);
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw new ImageError(`Cannot read a PNG: no chunk's type is at byte ${offset + 4}`);
    }
    if (end > bytes.length) throw truncated(bytes);
    if (crc32(bytes.subarray(offset + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw new ImageError(`Cannot read a PNG: the CRC of ${type} at byte ${offset} is wrong`);
    }
    yield { type, data: bytes.subarray(offset + 8, end - 4) };
    if (type === "IEND") return;
    offset = end;
  }
}

/** Writes a PNG file from its chunks. */
export function writePngChunks(chunks: readonly PngChunk[]): Uint8Array {
  const size = chunks.reduce((sum, chunk) => sum + 12 + chunk.data.length, SIGNATURE.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(SIGNATURE);
  let offset = SIGNATURE.length;
  for (const { type, data } of chunks) {
    const end = offset + 12 + data.length;
    view.setUint32(offset, data.length);
    bytes.set([...type].map((letter) => letter.charCodeAt(0)), offset + 4);
    bytes.set(data, offset + 8);
    view.setUint32(end - 4, crc32(bytes.subarray(offset + 4, end - 4)));
    offset = end;
  }
  return bytes;
}

function truncated(bytes: Uint8Array): ImageError {
  return new ImageError(`Cannot read a PNG: it is truncated at ${bytes.length} bytes`);
}

/** CRC-32 of each byte alone, for the reflected polynomial 0xEDB88320 (section 5.5). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
