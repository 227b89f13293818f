/**
 * The central directory of a zip archive, as strict as one that only torch writes can be (APPNOTE.TXT 6.3, sections 4.3
 * and 4.5).
 *
 * A central directory, an end record and nothing after it; entries that begin at byte 0 and do not overlap. So no two
 * readers see different entries in one file.
 *
 * @module
 */
import type { Fail } from "./torch_checkpoint_error.ts";

/** One file in an archive. */
export interface ZipEntry {
  /** `archive/data/0` */
  readonly name: string;
  /** Whether its bytes are a deflate stream; if not, they are stored as they are. */
  readonly deflated: boolean;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly storedSize: number;
  /** Bytes of the file. */
  readonly size: number;
  /** Where its local header is. */
  readonly offset: number;
  /** Where the next local header is, or the central directory. */
  readonly limit: number;
}

/** Where a central directory is and how many entries it has. */
export interface ZipEnd {
  readonly start: number;
  readonly end: number;
  readonly entries: number;
}

/** Bytes of an end record without its comment. */
const END_SIZE = 22;
/** Bytes of the two records that archives beyond 4 GB have before it. */
const END64_SIZE = 56 + 20;
const LONGEST_COMMENT = 0xffff;
/** How much of a file's end has to be looked at for its end records. */
export const ZIP_TAIL: number = END64_SIZE + END_SIZE + LONGEST_COMMENT;

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR64_SIGNATURE = 0x07064b50;
/** Bytes of an entry of the directory without its name, extra field and comment. */
export const ENTRY_SIZE = 46;
/** Bytes of a local header without its name and extra field. */
export const LOCAL_SIZE = 30;

/** About 400,000 entries. */
const LARGEST_DIRECTORY = 32 * 2 ** 20;

/**
 * Finds the central directory from the end of a file.
 *
 * @param tail The last {@linkcode ZIP_TAIL} bytes, or all if there are fewer.
 * @throws {TorchCheckpointError} If there is no end record or it cannot be true.
 */
export function findZipEnd(
  tail: Uint8Array<ArrayBuffer>,
  { fileSize, fail }: { readonly fileSize: number; readonly fail: Fail },
): ZipEnd {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tail.length - END_SIZE;
  for (; at >= 0; at--) {
    const found = view.getUint32(at, true) === END_SIGNATURE;
    if (found && at + END_SIZE + view.getUint16(at + 20, true) === tail.length) break;
  }
  if (at < 0) {
    throw fail("it begins as a zip archive and does not end as one: it is truncated or damaged");
  }
  const tailStart = fileSize - tail.length;
  const short = {
    disks: view.getUint32(at + 4, true),
    entriesHere: view.getUint16(at + 8, true),
    entries: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    start: view.getUint32(at + 16, true),
  };
  if (short.disks !== 0 && short.disks !== 0xffffffff) {
    throw fail("it is one part of a zip archive of several");
  }
  const long = readEnd64(view, { at, tailStart, fail });
  const agree = (one: number, other: number | undefined, saturated: number): number => {
    if (one === saturated && other !== undefined) return other;
    if (other !== undefined && other !== one) {
      throw fail(`the two end records of its zip archive disagree: ${one}, ${other}`);
    }
    return one;
  };
  const entries = agree(short.entries, long?.entries, 0xffff);
  const entriesHere = agree(short.entriesHere, long?.entries, 0xffff);
  const size = agree(short.size, long?.size, 0xffffffff);
  const start = agree(short.start, long?.start, 0xffffffff);
  const end = tailStart + at - (long === undefined ? 0 : END64_SIZE);
  if (start + size !== end) {
    throw fail(
      `its zip directory would be at bytes ${start} to ${
        start + size
      }, and the end record at ${end}`,
    );
  }
  if (entriesHere !== entries || entries * ENTRY_SIZE > size) {
    throw fail(`its zip directory would have ${entries} entries in ${size} bytes`);
  }
  if (size > LARGEST_DIRECTORY) {
    throw fail(`its zip directory has ${size} bytes; ${LARGEST_DIRECTORY} is the limit`);
  }
  return { start, end, entries };
}

/** The records that give the same numbers in 64 bits; they lie right before the end record, if at all. */
function readEnd64(
  view: DataView,
  { at, tailStart, fail }: { readonly at: number; readonly tailStart: number; readonly fail: Fail },
): { readonly entries: number; readonly size: number; readonly start: number } | undefined {
  const locator = at - 20;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR64_SIGNATURE) return undefined;
  const record = locator - 56;
  const offset = view.getBigUint64(locator + 8, true);
  const isThere = record >= 0 && offset === BigInt(tailStart + record) &&
    view.getUint32(record, true) === END64_SIGNATURE &&
    view.getBigUint64(record + 4, true) === 44n;
  if (!isThere) throw fail(`its zip64 end record would be at byte ${offset}, and is not there`);
  if (
    view.getUint32(locator + 4, true) !== 0 || view.getUint32(locator + 16, true) > 1 ||
    view.getUint32(record + 16, true) !== 0 || view.getUint32(record + 20, true) !== 0
  ) {
    throw fail("it is one part of a zip archive of several");
  }
  const number = (position: number): number => {
    const value = view.getBigUint64(record + position, true);
    if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
    throw fail(`its zip64 end record has the number ${value}`);
  };
  const entries = number(32);
  if (number(24) !== entries) throw fail("it is one part of a zip archive of several");
  return { entries, size: number(40), start: number(48) };
}
