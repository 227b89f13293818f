/**
 * The adapter between the hub's cache and the disk: locks, files that grow, links.
 *
 * What only reads goes through `folderFiles`, what is small and written at once through `writeFile`.
 *
 * @module
 */
import { FileError, type FileErrorKind } from "../file_source.ts";
import { sleep } from "./transient_error.ts";

/** A file that grows until it is complete. Disposing of it keeps what it has, unless it is empty or of no further use. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes that it has. */
  readonly size: number;
  /** Its content from the start, in pieces whose memory is used again. */
  content(): AsyncGenerator<Uint8Array>;
  /** Adds bytes at its end. */
  append(bytes: Uint8Array): Promise<void>;
  /** Throws away what it has. */
  clear(): Promise<void>;
  /** Puts it in its place: all bytes are on the disk before the name appears. */
  complete(target: string): Promise<void>;
}

/**
 * Opens a file that grows, with what an earlier attempt left in it.
 *
 * @param target The complete file's path; the partial one is beside it.
 * @param options Whether nobody else writes it. If that is not sure, it gets a name of its own, and what it has is of no further use.
 * @throws {FileError} As all its methods, if the disk does not do it.
 */
export async function openPartial(
  target: string,
  { exclusive }: { readonly exclusive: boolean },
): Promise<PartialFile> {
  const system = hostSystem();
  const path = exclusive
    ? `${target}.incomplete`
    : `${target}.${crypto.randomUUID().slice(0, 8)}.incomplete`;
  const file = await onDisk(path, async () => {
    await makeParent(path, system);
    return await system.open(path, { read: true, write: true, create: true });
  });
  let open = true;
  let size = (await onDisk(path, () => file.stat())).size;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    get size() {
      return size;
    },
    async *content() {
      await onDisk(path, () => file.seek(0, system.SeekMode.Start));
      const piece = new Uint8Array(2 ** 20);
      for (;;) {
        const count = await onDisk(path, () => file.read(piece));
        if (count === null) return;
        yield piece.subarray(0, count);
      }
    },
    append: (bytes) =>
      onDisk(path, async () => {
        await file.seek(size, system.SeekMode.Start);
        for (let written = 0; written < bytes.length;) {
          const count = await file.write(bytes.subarray(written));
          written += count;
          size += count;
        }
      }),
    clear: () =>
      onDisk(path, async () => {
        await file.truncate(0);
        size = 0;
      }),
    complete: (place) =>
      onDisk(place, async () => {
        await file.syncData();
        close();
        await system.rename(path, place);
      }),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      close();
      if (size === 0 || !exclusive) await system.remove(path).catch(() => {});
    },
  };
}

/**
 * Runs something while no other process does the same.
 *
 * The lock is `flock`'s, as huggingface_hub takes it on the same file, and ends with the process.
 *
 * @param path The lock's file. It stays, as whoever removes it may remove another one's lock.
 * @param run What to run. It hears if the lock could be had: some network file systems have none.
 * @param options `onWait` is called while another process has the lock.
 */
export async function withLock<T>(
  path: string,
  run: (exclusive: boolean) => Promise<T>,
  { signal, onWait = () => {} }: {
    readonly signal?: AbortSignal | undefined;
    readonly onWait?: () => void | Promise<void>;
  } = {},
): Promise<T> {
  const system = hostSystem();
  using file = await onDisk(path, async () => {
    await makeParent(path, system);
    return await system.open(path, { read: true, write: true, create: true });
  });
  for (;;) {
    signal?.throwIfAborted();
    const locked = await file.tryLock(true).catch(() => undefined);
    if (locked !== false) return await run(locked === true); // closing the file unlocks it
    await onWait();
    await sleep(100, signal);
  }
}

/** A way to give a content a second name. */
export type LinkWay = "symlink" | "link" | "move";

/**
 * Gives a content its name in a snapshot; what is there is replaced.
 *
 * Symbolic links need all of the runtime's file permissions, or rights that Windows does not give everyone; hard links a file
 * system that has them. Without either the content itself moves there if it is new, or else is copied, as huggingface_hub does it.
 *
 * @param pointer The name in the snapshot.
 * @param options The content's path, as the link says it, and whether it is new, so that no other link leads to it.
 */
export async function linkContent(
  pointer: string,
  { blob, target, fresh, ways = ["symlink", "link", "move"] }: {
    readonly blob: string;
    readonly target: string;
    readonly fresh: boolean;
    readonly ways?: readonly LinkWay[];
  },
): Promise<void> {
  const system = hostSystem();
  const temporary = `${pointer}.${crypto.randomUUID().slice(0, 8)}`;
  await onDisk(pointer, async () => {
    await makeParent(pointer, system);
    for (const [at, way] of ways.entries()) {
      try {
        if (way === "symlink") await system.symlink(target, temporary);
        else if (way === "link") await system.link(blob, temporary);
        else if (fresh) await system.rename(blob, temporary);
        else await system.copyFile(blob, temporary);
        break;
      } catch (error) {
        if (at === ways.length - 1) throw error;
      }
    }
    await system.rename(temporary, pointer);
    // To rename one name of a file to another one of its names does nothing.
    await system.remove(temporary).catch(() => {});
  });
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  await onDisk(path, () => hostSystem().mkdir(path, { recursive: true }));
}

async function makeParent(path: string, system: typeof Deno): Promise<void> {
  await system.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}

/** The one place that asks whether there is a Deno. */
function hostSystem(): typeof Deno {
  const system: typeof Deno | undefined = "Deno" in globalThis ? Deno : undefined;
  if (system !== undefined) return system;
  throw new FileError(
    "Cannot use the hub's cache here: there is no Deno; give the URL of a model's folder",
    { kind: "denied" },
  );
}

/** Runs something and speaks of its faults in our words. */
async function onDisk<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof FileError || !(cause instanceof Error)) throw cause;
    const { NotFound, PermissionDenied, NotCapable } = hostSystem().errors;
    const kind: FileErrorKind = cause instanceof NotFound
      ? "missing"
      : cause instanceof PermissionDenied || cause instanceof NotCapable
      ? "denied"
      : "failed";
    throw new FileError(`Cannot write ${path} in the hub's cache: ${cause.message}`, {
      kind,
      cause,
    });
  }
}
