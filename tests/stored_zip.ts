/**
 * Zip archives of entries that are not compressed, taken apart and put together: damage inside of an entry gets past its
 * checksum that way.
 *
 * @module
 */
import { crc32 } from "../formats/torch/crc32.ts";

const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;

/** The entries of a good archive. */
export function readStoredZip(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, Uint8Array>();
  for (let at = 0; at + 46 <= bytes.length; at++) {
    if (view.getUint32(at, true) !== CENTRAL) continue;
    const [size, local] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
    const name = bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true));
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    entries.set(new TextDecoder().decode(name), bytes.subarray(start, start + size));
  }
  return entries;
}

/** An archive of entries, with right checksums. */
export function writeStoredZip(
  entries: Iterable<readonly [string, Uint8Array]>,
): Uint8Array<ArrayBuffer> {
  const locals: number[] = [];
  const centrals: number[] = [];
  let count = 0;
  for (const [text, data] of entries) {
    const name = new TextEncoder().encode(text);
    const sizes = [...word(crc32(data)), ...word(data.length), ...word(data.length)];
    const common = [20, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...sizes, name.length, 0, 0, 0];
    const offset = locals.length;
    centrals.push(...word(CENTRAL), 20, 0, ...common, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    centrals.push(...word(offset), ...name);
    locals.push(...word(LOCAL), ...common, ...name, ...data);
    count++;
  }
  const sizes = [...word(centrals.length), ...word(locals.length)];
  const end = [...word(END), 0, 0, 0, 0, count, 0, count, 0, ...sizes, 0, 0];
  return Uint8Array.from([...locals, ...centrals, ...end]);
}

/** Four bytes, little-endian. */
function word(value: number): readonly number[] {
  return [value, value >> 8, value >> 16, value >> 24].map((part) => part & 255);
}
