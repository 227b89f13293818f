/**
 * Files by relative path, wherever they are: what every reader of model files reads from.
 *
 * @module
 */

/**
 * Why a file could not be read: it does not exist; may not be read (permissions of the runtime, of
 * the system or of a server); is a folder or a device; has a path that leads out of its source or
 * is no plain path; is shorter than what was asked for; or the disk, network or server failed.
 */
export type FileErrorKind = "missing" | "denied" | "not a file" | "bad path" | "short" | "failed";

/** A file could not be read. */
export class FileError extends Error {
  /** The name of this class. */
  override name = "FileError";
  /** What went wrong. */
  readonly kind: FileErrorKind;

  /** The message says which file, where, and why. */
  constructor(message: string, options: ErrorOptions & { readonly kind: FileErrorKind }) {
    super(message, options);
    this.kind = options.kind;
  }
}

/**
 * Files below one place: a folder, a base URL, or memory.
 *
 * Paths are relative, with `/` between their parts. All methods throw {@linkcode FileError}; a
 * path that is absolute or holds `..`, an empty part, a backslash or NUL is of kind `bad path`,
 * because paths may come from files that nobody vouches for.
 */
export interface FileSource {
  /** Where the files are, for messages. */
  readonly description: string;
  /** Bytes that a file has. */
  size(path: string): Promise<number>;
  /**
   * Reads bytes `[start, end)`; by default all. Never returns fewer than asked for.
   *
   * The bytes are the caller's: nothing else refers to their buffer, and they begin at its start.
   */
  read(path: string, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether there is such a file. Throws if that cannot be known, for lack of permission say. */
  exists(path: string): Promise<boolean>;
  /** Names in a folder (`""` is the top), where the source can tell: servers cannot. */
  list?(folder: string): Promise<readonly string[]>;
}

/**
 * Checks a path that may come from an untrusted file.
 *
 * @throws {FileError} Of kind `bad path`, unless the path is relative and stays where it is.
 */
export function checkPath(path: string, description: string): void {
  const problem = path === ""
    ? "it is empty"
    : path.startsWith("/") || /^[a-z]:/i.test(path)
    ? "it is absolute"
    : path.includes("\\")
    ? "it has a backslash"
    : path.includes("\0")
    ? "it has a NUL"
    : path.includes("://")
    ? "it is a URL"
    : path.split("/").some((part) => part === "" || part === "." || part === "..")
    ? 'it has a part that is empty, "." or ".."'
    : undefined;
  if (problem === undefined) return;
  throw new FileError(
    `Cannot read ${JSON.stringify(path.slice(0, 200))} of ${description}: ${problem}; ` +
      "paths are relative to it and stay inside",
    { kind: "bad path" },
  );
}

/**
 * Checks that `[start, end)` lies in a file of `size` bytes.
 *
 * @throws {FileError} Of kind `short` if the file ends before.
 * @throws {RangeError} If it is no range at all.
 */
export function checkRange(
  where: string,
  { start, end, size }: { readonly start: number; readonly end: number; readonly size: number },
): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`Cannot read bytes ${start} to ${end} of ${where}: that is no range`);
  }
  if (end > size) {
    throw new FileError(`Cannot read bytes ${start} to ${end} of ${where}: it has ${size}`, {
      kind: "short",
    });
  }
}

/**
 * Files in memory, for tests and for what a page was handed.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "./file_source.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const files = memoryFiles(new Map([["unet/config.json", "{}"]]));
 * assertEquals(await files.size("unet/config.json"), 2);
 * assertEquals(await files.exists("vae/config.json"), false);
 * ```
 */
export function memoryFiles(
  contents: ReadonlyMap<string, Uint8Array | string>,
  description = "memory",
): FileSource {
  const find = (path: string): Uint8Array => {
    checkPath(path, description);
    const content = contents.get(path);
    if (content !== undefined) {
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    }
    const isFolder = [...contents.keys()].some((name) => name.startsWith(`${path}/`));
    throw new FileError(
      `Cannot read ${path} of ${description}: ${isFolder ? "it is a folder" : "no such file"}`,
      { kind: isFolder ? "not a file" : "missing" },
    );
  };
  // `async` so that faults are rejections, as they are with every other source.
  return {
    description,
    size: (path) => attempt(() => find(path).length),
    read: (path, start = 0, end) =>
      attempt(() => {
        const content = find(path);
        const range = { start, end: end ?? content.length, size: content.length };
        checkRange(`${path} of ${description}`, range);
        return Uint8Array.from(content.subarray(range.start, range.end));
      }),
    exists: (path) =>
      attempt(() => {
        checkPath(path, description);
        return contents.has(path);
      }),
    list: (folder) =>
      attempt(() => {
        const prefix = folder === "" ? "" : `${folder}/`;
        const names = [...contents.keys()].filter((name) => name.startsWith(prefix))
          .map((name) => name.slice(prefix.length).split("/")[0]!);
        return [...new Set(names)];
      }),
  };
}

/**
 * The files in a folder of a source, as a source of their own.
 *
 * @throws {FileError} Of kind `bad path` if the folder is not below the source.
 */
export function subfolder(files: FileSource, folder: string): FileSource {
  checkPath(folder, files.description);
  const description = `${files.description}/${folder}`;
  const inner = (path: string): string => {
    checkPath(path, description);
    return `${folder}/${path}`;
  };
  const { list } = files;
  return {
    description,
    size: (path) => attempt(() => files.size(inner(path))),
    read: (path, start, end) => attempt(() => files.read(inner(path), start, end)),
    exists: (path) => attempt(() => files.exists(inner(path))),
    ...(list === undefined ? {} : {
      list: (path: string) => list(path === "" ? folder : `${folder}/${path}`),
    }),
  };
}

/** Runs a function so that what it throws is a rejection. */
async function attempt<T>(run: () => T | Promise<T>): Promise<T> {
  return await run();
}
