/**
 * The container of `torch.save` before version 1.6: five pickles in a row, then the storages.
 *
 * The pickles are a magic number, the container's version, what machine it was, the object, and the storages' keys in the order
 * in which they follow. A storage has its number of elements in eight bytes, then its bytes, little-endian on all machines.
 *
 * @module
 */
import { STORED_BITS } from "../safetensors_dtype.ts";
import type { Container, ContainerFile, StorageBytes } from "./container.ts";
import { type Pickle, readPickle } from "./pickle_machine.ts";
import { PickleEndError } from "./pickle_reader.ts";
import { describe, type PickleStorage, type PickleValue, tagged } from "./pickle_value.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** How much is read first. Checkpoints of a thousand tensors have about 200 KB of pickles. */
const FIRST_READ = 2 ** 18;

/**
 * Opens a file and carries out its pickles. No storage is read.
 *
 * @throws {TorchCheckpointError} If it is damaged or something else.
 * @throws {FileError} If it cannot be read.
 */
export async function openLegacyCheckpoint(file: ContainerFile): Promise<Container> {
  const { fail } = file;
  const next = pickleSequence(file);
  const { value: magic } = await next();
  if (magic !== MAGIC) {
    throw fail(
      `it begins with a pickle of ${describe(magic)}, and not with torch's magic number: ` +
        "it is no torch checkpoint",
    );
  }
  const { value: version } = await next();
  if (version !== VERSION) {
    throw fail(`its legacy container has version ${describe(version)}; ${VERSION} is known`);
  }
  await next(); // Sizes of types and the byte order of the machine, which make no difference.
  const { value: root, storages } = await next();
  const { value: keys, end } = await next();
  const found = layOut(storages, { keys, start: end, file });
  return { root, findStorage: (key) => found.get(key) };
}

/** Reads pickle after pickle, and no more of the file than they need, or twice that. */
function pickleSequence(
  { files, path, fileSize, largestPickle, fail }: ContainerFile,
): () => Promise<Pickle> {
  const most = Math.min(fileSize, largestPickle);
  let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  let start = 0;
  return async () => {
    for (;;) {
      try {
        const pickle = readPickle(bytes, { start, fail });
        start = pickle.end;
        return pickle;
      } catch (error) {
        if (!(error instanceof PickleEndError)) throw error;
        if (bytes.length === fileSize) {
          throw fail(`its pickle at byte ${start} is truncated: ${error.message}`);
        }
        if (bytes.length === most) {
          throw fail(`its pickles have more than ${largestPickle} bytes, which is the limit`);
        }
      }
      bytes = await files.read(path, 0, Math.min(most, Math.max(FIRST_READ, 2 * bytes.length)));
    }
  };
}

/** Finds the place of each storage: they follow each other without gaps. */
function layOut(
  storages: readonly PickleStorage[],
  { keys, start, file }: {
    readonly keys: PickleValue;
    readonly start: number;
    readonly file: ContainerFile;
  },
): ReadonlyMap<string, StorageBytes> {
  const { fail, fileSize } = file;
  const named = new Map<string, PickleStorage>();
  for (const storage of storages) {
    const other = named.get(storage.key) ?? storage;
    if (other.dtype !== storage.dtype || other.elements !== storage.elements) {
      throw fail(`its storage ${describe(storage.key)} has two types or sizes`);
    }
    named.set(storage.key, storage);
  }
  const list = tagged(keys);
  if (list?.kind !== "list") throw fail(`its storages are listed by ${describe(keys)}, not a list`);
  const found = new Map<string, StorageBytes>();
  let at = start;
  for (const key of list.items) {
    const storage = typeof key === "string" ? named.get(key) : undefined;
    if (typeof key !== "string" || storage === undefined) {
      throw fail(`it has a storage ${describe(key)} that no tensor names`);
    }
    if (found.has(key)) throw fail(`it lists its storage ${describe(key)} twice`);
    const bytes = storageAt(at, { storage, file });
    found.set(key, bytes);
    at += 8 + bytes.size;
  }
  if (at !== fileSize) {
    throw fail(
      at > fileSize
        ? `its storages end at byte ${at}, and the file has ${fileSize}: it is truncated`
        : `${fileSize - at} bytes after its last storage belong to none`,
    );
  }
  return found;
}

function storageAt(
  at: number,
  { storage, file }: { readonly storage: PickleStorage; readonly file: ContainerFile },
): StorageBytes {
  const { files, path, fail } = file;
  const { elements, dtype, key } = storage;
  const size = elements * (dtype === null ? 1 : STORED_BITS[dtype] / 8);
  let isChecked = false;
  async function checkCount(): Promise<void> {
    if (isChecked) return;
    const bytes = await files.read(path, at, at + 8);
    const count = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
    if (count !== BigInt(elements)) {
      throw fail(
        `its storage ${describe(key)} has ${count} elements, and its pickle says ${elements}`,
      );
    }
    isChecked = true;
  }
  return {
    size,
    bigEndian: false,
    async read(start, end) {
      await checkCount();
      return await files.read(path, at + 8 + start, at + 8 + end);
    },
  };
}
