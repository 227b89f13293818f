/**
 * The entries of a zip archive's central directory.
 *
 * @module
 */
import { display } from "../json.ts";
import { ENTRY_SIZE, LOCAL_SIZE, type ZipEnd, type ZipEntry } from "./zip_directory.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

const ENTRY_SIGNATURE = 0x02014b50;

/** Deflate may make large files smaller by this factor at most: weights are noise, which does not compress. */
const LARGEST_RATIO = 200;
/** A file that may be smaller by any factor. */
const SMALL_FILE = 2 ** 20;

/** Flags of an entry: encrypted, strongly encrypted, directory encrypted. */
const ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13;
const STORED = 0;
const DEFLATED = 8;

/**
 * Reads a central directory.
 *
 * @param bytes From its start to its end.
 * @returns The entries that are files, by name.
 * @throws {TorchCheckpointError} If an entry is damaged, lies outside of the file or over another, is encrypted or compressed in a way that
 * torch does not know, or would be unpacked somewhere else.
 */
export function readZipEntries(
  bytes: Uint8Array<ArrayBuffer>,
  { end, fail }: { readonly end: ZipEnd; readonly fail: Fail },
): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < end.entries; i++) {
    const isThere = at + ENTRY_SIZE <= bytes.length && view.getUint32(at, true) === ENTRY_SIGNATURE;
    const next = isThere ? at + ENTRY_SIZE + lengthsOf(view, at) : Infinity;
    if (next > bytes.length) throw fail(`entry ${i} of its zip directory is damaged`);
    entries.push(readEntry(bytes, { view, at, fail }));
    at = next;
  }
  if (at !== bytes.length) {
    throw fail(`its zip directory has more than the ${end.entries} entries that it should have`);
  }
  return named(withLimits(entries, { end: end.start, fail }), fail);
}

/** Bytes of an entry's name, extra field and comment. */
function lengthsOf(view: DataView, at: number): number {
  return view.getUint16(at + 28, true) + view.getUint16(at + 30, true) +
    view.getUint16(at + 32, true);
}

function readEntry(
  bytes: Uint8Array<ArrayBuffer>,
  { view, at, fail }: { readonly view: DataView; readonly at: number; readonly fail: Fail },
): ZipEntry {
  const nameEnd = at + ENTRY_SIZE + view.getUint16(at + 28, true);
  const name = decodeName(bytes.subarray(at + ENTRY_SIZE, nameEnd), fail);
  const wrong = (problem: string) => fail(`entry ${display(name)} of its zip archive ${problem}`);
  checkName(name, wrong);
  const flags = view.getUint16(at + 8, true);
  if ((flags & ENCRYPTED) !== 0) throw wrong("is encrypted");
  const method = view.getUint16(at + 10, true);
  if (method !== STORED && method !== DEFLATED) {
    throw wrong(`is compressed by method ${method}; only 0 (stored) and 8 (deflate) are known`);
  }
  const extra = bytes.subarray(nameEnd, nameEnd + view.getUint16(at + 30, true));
  const short = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ];
  const [size, storedSize, offset] = longNumbers(short, { extra, fail: wrong });
  const disk = view.getUint16(at + 34, true);
  if (disk !== 0 && disk !== 0xffff) throw wrong("is in another part of an archive of several");
  if (method === STORED && size !== storedSize) {
    throw wrong(`is stored with ${storedSize} bytes and would have ${size}`);
  }
  if (size! > Math.max(SMALL_FILE, LARGEST_RATIO * storedSize!)) {
    throw wrong(
      `would grow from ${storedSize} bytes to ${size}; ${LARGEST_RATIO}-fold is the limit`,
    );
  }
  return {
    name,
    deflated: method === DEFLATED,
    crc: view.getUint32(at + 16, true),
    storedSize: storedSize!,
    size: size!,
    offset: offset!,
    limit: 0,
  };
}

/** UTF-8, whether a flag says so or not: torch sets none. */
function decodeName(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("its zip archive has an entry with a name that is not UTF-8");
  }
}

function checkName(name: string, fail: Fail): void {
  // A folder's name ends in a slash, which leaves an empty last part.
  const parts = name.replace(/\/$/, "").split("/");
  if (/[\\\0]/.test(name) || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw fail("has a name that leads elsewhere");
  }
}

/** Numbers beyond 32 bits are in an extra field (4.5.3), in the order of those that do not fit. */
function longNumbers(
  short: readonly number[],
  { extra, fail }: { readonly extra: Uint8Array; readonly fail: Fail },
): readonly number[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  let field: { readonly at: number; readonly end: number } | undefined;
  for (let at = 0; at < extra.length;) {
    const end = at + 4 <= extra.length ? at + 4 + view.getUint16(at + 2, true) : Infinity;
    if (end > extra.length) throw fail("has an extra field that is longer than its place");
    if (view.getUint16(at, true) === 1) field = { at: at + 4, end };
    at = end;
  }
  let at = field?.at ?? 0;
  return short.map((number) => {
    if (number !== 0xffffffff) return number;
    if (field === undefined || at + 8 > field.end) throw fail("has no zip64 sizes, and needs them");
    const long = view.getBigUint64(at, true);
    at += 8;
    if (long > Number.MAX_SAFE_INTEGER) throw fail(`has the size or offset ${long}`);
    return Number(long);
  });
}

/** Entries in the order of the file, each with the place that the next one begins at. */
function withLimits(
  entries: readonly ZipEntry[],
  { end, fail }: { readonly end: number; readonly fail: Fail },
): readonly ZipEntry[] {
  const sorted = entries.toSorted((a, b) => a.offset - b.offset);
  if (sorted.length > 0 && sorted[0]!.offset !== 0) {
    throw fail(`its zip archive begins at byte ${sorted[0]!.offset}, not at 0`);
  }
  return sorted.map((entry, i) => {
    const limit = sorted[i + 1]?.offset ?? end;
    // Its extra field is left out: how long that is only the local header says.
    if (entry.offset + LOCAL_SIZE + entry.storedSize > Math.min(limit, end)) {
      throw fail(`entry ${display(entry.name)} of its zip archive runs into what follows it`);
    }
    return { ...entry, limit };
  });
}

function named(entries: readonly ZipEntry[], fail: Fail): ReadonlyMap<string, ZipEntry> {
  const byName = new Map<string, ZipEntry>();
  for (const entry of entries) {
    if (byName.has(entry.name)) {
      throw fail(`its zip archive has two entries called ${display(entry.name)}`);
    }
    byName.set(entry.name, entry);
  }
  return byName;
}
