/**
 * The checksum of zip archives: CRC-32 with the reflected polynomial 0xEDB88320 (APPNOTE.TXT, 4.4.7).
 *
 * @module
 */

/**
 * Table `k`, 256 numbers from `256 k` on, has the checksum of each byte followed by `k` zeros, so that eight bytes are taken
 * in one step. Signed, because engines keep signed 32-bit integers as such.
 */
const TABLES: Int32Array = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const crc = tables[i - 256]!;
    tables[i] = tables[crc & 0xff]! ^ (crc >>> 8);
  }
  return tables;
}

/**
 * The checksum of bytes.
 *
 * @example
 * ```ts
 * import { crc32 } from "./crc32.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
 * ```
 */
export function crc32(bytes: Uint8Array): number {
  const table = TABLES;
  // Words are little-endian, as on every machine that runs JavaScript engines of today. A view has to begin at a multiple
  // of its element size; what begins elsewhere is taken byte by byte.
  const pairs = bytes.byteOffset % 4 === 0 ? bytes.length >>> 3 : 0;
  const words = new Int32Array(bytes.buffer, pairs === 0 ? 0 : bytes.byteOffset, 2 * pairs);
  let crc = -1;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]! ^ crc;
    const high = words[i + 1]!;
    crc = table[1792 + (low & 0xff)]! ^ table[1536 + (low >>> 8 & 0xff)]! ^
      table[1280 + (low >>> 16 & 0xff)]! ^ table[1024 + (low >>> 24)]! ^
      table[768 + (high & 0xff)]! ^ table[512 + (high >>> 8 & 0xff)]! ^
      table[256 + (high >>> 16 & 0xff)]! ^ table[high >>> 24]!;
  }
  for (let at = 8 * pairs; at < bytes.length; at++) {
    crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
