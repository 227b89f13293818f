/**
 * The bytes of a pickle, taken one argument after the other.
 *
 * @module
 */
import type { Fail } from "./torch_checkpoint_error.ts";

/** The pickle goes on past the bytes that are there. A caller that has more may try again. */
export class PickleEndError extends Error {
  /** The name of this class. */
  override name = "PickleEndError";
}

/** Reads little-endian arguments; never past the end. */
export interface PickleReader {
  /** Where the next byte is. */
  readonly at: number;
  byte(): number;
  uint16(): number;
  int32(): number;
  uint32(): number;
  /** A length of eight bytes. */
  length64(): number;
  /** Big-endian, the one argument that is. */
  float64(): number;
  /** Fails if fewer bytes follow; takes none of them. */
  expect(count: number): void;
  /** A copy: a pickle is not kept for the sake of a few bytes of it. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
  utf8(count: number): string;
  /** What is up to the next line feed, as Latin-1. */
  line(): string;
}

/**
 * Starts reading.
 *
 * @throws {PickleEndError} From each method if the bytes end first; nothing is allocated then.
 * @throws {TorchCheckpointError} From `length64` and `utf8` for what no pickle says.
 */
export function pickleReader(
  bytes: Uint8Array,
  { start, fail }: { readonly start: number; readonly fail: Fail },
): PickleReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let at = start;
  const take = (count: number): number => {
    if (count > bytes.length - at) throw new PickleEndError("a pickle ends too early");
    const from = at;
    at += count;
    return from;
  };
  return {
    get at() {
      return at;
    },
    byte: () => bytes[take(1)]!,
    uint16: () => view.getUint16(take(2), true),
    int32: () => view.getInt32(take(4), true),
    uint32: () => view.getUint32(take(4), true),
    length64() {
      const length = view.getBigUint64(take(8), true);
      if (length > Number.MAX_SAFE_INTEGER) {
        throw fail(`its pickle has an item of ${length} bytes at byte ${at - 8}`);
      }
      return Number(length);
    },
    expect(count) {
      take(count);
      at -= count;
    },
    float64: () => view.getFloat64(take(8)),
    bytes(count) {
      const from = take(count);
      return Uint8Array.from(bytes.subarray(from, from + count));
    },
    utf8(count) {
      const from = take(count);
      try {
        return utf8.decode(bytes.subarray(from, from + count));
      } catch {
        throw fail(`its pickle has a string at byte ${from} that is not UTF-8`);
      }
    },
    line() {
      const end = bytes.indexOf(10, at);
      if (end < 0) throw new PickleEndError("a line of a pickle does not end");
      const from = take(end + 1 - at);
      // A line holds a name or a number; a long one is neither.
      if (end - from > LONGEST_LINE) {
        throw fail(`its pickle has a line of ${end - from} bytes; ${LONGEST_LINE} is the limit`);
      }
      let text = "";
      for (let i = from; i < end; i++) text += String.fromCharCode(bytes[i]!);
      return text;
    },
  };
}

const LONGEST_LINE = 10_000;
