/**
 * The adapter between model readers and files: local folders through Deno, servers through
 * `fetch`. Without Deno it still loads, and opens what is on a server.
 *
 * @module
 */
import {
  checkPath,
  checkRange,
  FileError,
  type FileErrorKind,
  type FileSource,
} from "./file_source.ts";
import { httpFiles } from "./http_files.ts";

export {
  FileError,
  type FileErrorKind,
  type FileSource,
  memoryFiles,
  subfolder,
} from "./file_source.ts";
export { httpFiles } from "./http_files.ts";

/** Whether a place is a URL and not a path. */
export function isUrl(place: string): boolean {
  return /^(https?|file):/i.test(place);
}

/**
 * The files below a place: a local folder's path, or a `file:`, `http:` or `https:` URL.
 *
 * Nothing is read yet, so a folder that does not exist shows when a file of it is read.
 *
 * @example
 * ```ts
 * import { openFiles } from "./files.ts";
 * import { assert } from "@std/assert";
 *
 * const files = openFiles(new URL(".", import.meta.url));
 * assert(await files.exists("files.ts"));
 * ```
 */
export function openFiles(where: string | URL): FileSource {
  if (typeof where === "string" && !isUrl(where)) return folderFiles(where);
  const url = new URL(where);
  return url.protocol === "file:" ? folderFiles(url) : httpFiles(url);
}

/**
 * One file by its place, as a source and the path in it.
 *
 * @throws {FileError} If the place names no file: it is empty or ends in a slash.
 */
export function locateFile(
  where: string | URL,
): { readonly files: FileSource; readonly path: string } {
  const isPath = typeof where === "string" && !isUrl(where);
  if (!isPath) {
    const url = new URL(where);
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
    const parent = new URL(".", url);
    parent.search = url.search;
    checkPath(name, parent.href);
    return { files: openFiles(parent), path: name };
  }
  const separators = hostSystem().build.os === "windows" ? /[\\/]/g : /\//g;
  const cut = Math.max(-1, ...[...where.matchAll(separators)].map(({ index }) => index));
  const folder = cut < 0 ? "." : where.slice(0, cut + 1);
  const name = where.slice(cut + 1);
  if (name === "" && cut >= 0) {
    throw new FileError(`Cannot read ${where}: it is the name of a folder, wanted is a file`, {
      kind: "not a file",
    });
  }
  checkPath(name, folder);
  return { files: folderFiles(folder), path: name };
}

/**
 * The files in a local folder.
 *
 * Links are followed, because the hub's cache is made of them.
 *
 * @throws {FileError} Of kind `denied` where there are no local files, as in a browser.
 */
export function folderFiles(folder: string | URL): FileSource {
  const system = hostSystem();
  const base = folder instanceof URL ? new URL(folder) : folder.replace(/(?<=.)\/+$/, "") || ".";
  if (base instanceof URL && !base.pathname.endsWith("/")) base.pathname += "/";
  const description = base instanceof URL ? decodeURIComponent(base.pathname) : base;

  function locate(path: string): string | URL {
    checkPath(path, description);
    if (typeof base === "string") return base === "/" ? `/${path}` : `${base}/${path}`;
    return new URL(path.split("/").map(encodeURIComponent).join("/"), base);
  }

  /** Runs something with a file that is open, and speaks of faults in our words. */
  async function withFile<T>(
    path: string,
    use: (file: Deno.FsFile, size: number) => Promise<T>,
  ): Promise<T> {
    const place = locate(path);
    try {
      // Looked at before it is opened: to open a pipe waits for its other end.
      const { isFile } = await system.stat(place);
      if (!isFile) {
        throw new FileError(`Cannot read ${path} of ${description}: it is a folder or a device`, {
          kind: "not a file",
        });
      }
      using file = await system.open(place);
      return await use(file, (await file.stat()).size);
    } catch (error) {
      throw translate(error, path, { system, description });
    }
  }

  return {
    description,
    size: (path) => withFile(path, (_, size) => Promise.resolve(size)),
    read: (path, start = 0, end) =>
      withFile(path, async (file, size) => {
        const stop = end ?? size;
        checkRange(`${path} of ${description}`, { start, end: stop, size });
        const bytes = new Uint8Array(stop - start);
        if (start > 0) await file.seek(start, system.SeekMode.Start);
        for (let filled = 0; filled < bytes.length;) {
          const count = await file.read(bytes.subarray(filled));
          if (count === null) checkRange(path, { start, end: stop, size: start + filled });
          else filled += count;
        }
        return bytes;
      }),
    async exists(path) {
      try {
        return (await system.stat(locate(path))).isFile;
      } catch (error) {
        const fault = translate(error, path, { system, description });
        if (fault instanceof FileError && fault.kind === "missing") return false;
        throw fault;
      }
    },
    async list(inner) {
      try {
        const names: string[] = [];
        for await (const { name } of system.readDir(inner === "" ? base : locate(inner))) {
          names.push(name);
        }
        return names.sort();
      } catch (error) {
        throw translate(error, inner, { system, description });
      }
    },
  };
}

/** The one place that asks whether there is a Deno. */
function hostSystem(): typeof Deno {
  const system: typeof Deno | undefined = "Deno" in globalThis ? Deno : undefined;
  if (system === undefined) {
    throw new FileError("Cannot open a local folder here: there is no Deno; give a URL", {
      kind: "denied",
    });
  }
  return system;
}

function translate(
  cause: unknown,
  path: string,
  { system, description }: { readonly system: typeof Deno; readonly description: string },
): unknown {
  if (cause instanceof FileError || cause instanceof RangeError) return cause;
  if (!(cause instanceof Error)) return cause;
  const { NotFound, NotADirectory, PermissionDenied, NotCapable, IsADirectory } = system.errors;
  const [kind, reason]: [FileErrorKind, string] =
    cause instanceof NotFound || cause instanceof NotADirectory
      ? ["missing", "no such file"]
      : cause instanceof PermissionDenied || cause instanceof NotCapable
      ? ["denied", cause.message]
      : cause instanceof IsADirectory
      ? ["not a file", "it is a folder"]
      : ["failed", cause.message];
  return new FileError(`Cannot read ${path || "the files"} of ${description}: ${reason}`, {
    kind,
    cause,
  });
}
