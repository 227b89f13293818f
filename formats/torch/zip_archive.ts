/**
 * Zip archives, read entry by entry and byte range by byte range.
 *
 * @module
 */
import { display } from "../json.ts";
import type { ContainerFile } from "./container.ts";
import { crc32 } from "./crc32.ts";
import { inflateRaw } from "./inflate_raw.ts";
import type { Fail } from "./torch_checkpoint_error.ts";
import { findZipEnd, LOCAL_SIZE, ZIP_TAIL, type ZipEntry } from "./zip_directory.ts";
import { readZipEntries } from "./zip_entries.ts";

/** An archive of which the directory is known. */
export interface ZipArchive {
  /** Entries by name, in the order of the file. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Reads bytes `[start, end)` of an entry; by default all. What is read whole is checked against its checksum.
   *
   * @throws {TorchCheckpointError} If the entry is damaged.
   * @throws {FileError} If the file cannot be read.
   */
  read(entry: ZipEntry, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
}

const LOCAL_SIGNATURE = 0x04034b50;

/**
 * Reads an archive's directory, and none of its entries.
 *
 * @throws {TorchCheckpointError} If it is damaged.
 * @throws {FileError} If it cannot be read.
 */
export async function openZipArchive(
  { files, path, fileSize, fail }: Omit<ContainerFile, "largestPickle">,
): Promise<ZipArchive> {
  const tail = await files.read(path, Math.max(0, fileSize - ZIP_TAIL), fileSize);
  const end = findZipEnd(tail, { fileSize, fail });
  const entries = readZipEntries(await files.read(path, end.start, end.end), { end, fail });
  // torch can be told to leave checksums out (`set_crc32_options`); then all of them are 0.
  const hasChecksums = [...entries.values()].some(({ crc }) => crc !== 0);
  /** Where entries' bytes begin, once their local headers were looked at. */
  const starts = new Map<string, number>();
  /** The compressed entry that was read last: several tensors may be views of it. */
  let inflated: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;

  async function locate(entry: ZipEntry, wrong: Fail): Promise<number> {
    const known = starts.get(entry.name);
    if (known !== undefined) return known;
    const name = new TextEncoder().encode(entry.name);
    const headerSize = LOCAL_SIZE + name.length;
    if (entry.offset + headerSize + entry.storedSize > entry.limit) {
      throw wrong("runs into what follows it");
    }
    const header = await files.read(path, entry.offset, entry.offset + headerSize);
    const start = entry.offset + checkLocalHeader(header, { entry, name, fail: wrong });
    if (start + entry.storedSize > entry.limit) throw wrong("runs into what follows it");
    starts.set(entry.name, start);
    return start;
  }

  function check(bytes: Uint8Array, entry: ZipEntry, wrong: Fail): void {
    if (hasChecksums && crc32(bytes) !== entry.crc) {
      throw wrong("is damaged: its checksum (CRC-32) is another");
    }
  }

  async function inflate(entry: ZipEntry, wrong: Fail): Promise<Uint8Array<ArrayBuffer>> {
    if (inflated?.name === entry.name) return inflated.bytes;
    const start = await locate(entry, wrong);
    const compressed = await files.read(path, start, start + entry.storedSize);
    const bytes = await inflateRaw(compressed, { size: entry.size, fail: wrong });
    check(bytes, entry, wrong);
    inflated = { name: entry.name, bytes };
    return bytes;
  }

  return {
    entries,
    async read(entry, from = 0, to = entry.size) {
      const wrong: Fail = (problem, options) =>
        fail(`entry ${display(entry.name)} of its zip archive ${problem}`, options);
      if (entry.deflated) return (await inflate(entry, wrong)).slice(from, to);
      const start = await locate(entry, wrong);
      const bytes = await files.read(path, start + from, start + to);
      if (bytes.length === entry.size) check(bytes, entry, wrong);
      return bytes;
    },
  };
}

/**
 * Compares a local header with the directory. Sizes and checksum may be zeros in it, with a flag that says so: that is how
 * torch writes them.
 *
 * @returns How many bytes it has.
 */
function checkLocalHeader(
  header: Uint8Array<ArrayBuffer>,
  { entry, name, fail }: {
    readonly entry: ZipEntry;
    readonly name: Uint8Array;
    readonly fail: Fail;
  },
): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) throw fail("has no local header");
  const sameName = view.getUint16(26, true) === name.length &&
    name.every((byte, i) => byte === header[LOCAL_SIZE + i]);
  if (!sameName) throw fail("has another name in its local header");
  if ((view.getUint16(6, true) & 1) !== 0) throw fail("is encrypted");
  if ((view.getUint16(8, true) !== 0) !== entry.deflated) {
    throw fail("is compressed in another way by its local header");
  }
  return LOCAL_SIZE + name.length + view.getUint16(28, true);
}
