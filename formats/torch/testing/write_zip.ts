/**
 * Writes zip archives for tests: the oldest form, with entries that are stored.
 *
 * @module
 */
import { crc32 } from "../crc32.ts";

/** A file of an archive. */
export interface WritableEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const UINT16 = 2;
const UINT32 = 4;

/** An archive of some files, without compression. */
export function writeZip(entries: Iterable<WritableEntry>): Uint8Array<ArrayBuffer> {
  return joinBytes([...zipPieces(entries)]);
}

/** The same in pieces: files are asked for one by one. */
export function* zipPieces(entries: Iterable<WritableEntry>): Generator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let count = 0;
  let at = 0;
  for (const { name, bytes } of entries) {
    const text = new TextEncoder().encode(name);
    const offset = at;
    count++;
    // Version, flags, method, time, date; checksum and sizes; lengths of the name and of the extra field.
    const common: readonly (readonly [number, number])[] = [
      [20, UINT16],
      [0, UINT16],
      [0, UINT16],
      [0, UINT32],
      [crc32(bytes), UINT32],
      [bytes.length, UINT32],
      [bytes.length, UINT32],
      [text.length, UINT16],
      [0, UINT16],
    ];
    const head = fields([[0x04034b50, UINT32], ...common]);
    at += head.length + text.length + bytes.length;
    yield head;
    yield text;
    yield bytes;
    // Comment, disk, attributes twice, offset.
    const rest = [[0, UINT16], [0, UINT16], [0, UINT16], [0, UINT32], [offset, UINT32]] as const;
    directory.push(fields([[0x02014b50, UINT32], [20, UINT16], ...common, ...rest]), text);
  }
  yield* directory;
  yield fields([
    [0x06054b50, UINT32],
    [0, UINT32],
    [count, UINT16],
    [count, UINT16],
    [directory.reduce((sum, part) => sum + part.length, 0), UINT32],
    [at, UINT32],
    [0, UINT16],
  ]);
}

function fields(values: readonly (readonly [value: number, size: number])[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, size] of values) {
    if (size === UINT16) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

/** Bytes one after the other. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
