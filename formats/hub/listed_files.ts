/**
 * Files whose list is known before their contents.
 *
 * @module
 */
import { checkPath, checkRange, FileError, type FileSource } from "../file_source.ts";
import type { HubFile } from "./hub_file.ts";

/** Where contents are, and how they get there. */
export interface Provision {
  /** What the files are called in messages. */
  readonly description: string;
  /** The contents that are there. */
  readonly contents: FileSource;
  /** Sees to it that a file's content is there. It is asked once, unless it fails. */
  readonly provide: (file: HubFile) => Promise<void>;
}

/** A source that answers from a list, and has contents provided when they are read. */
export function listedFiles(
  files: readonly HubFile[],
  { description, contents, provide }: Provision,
): FileSource {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const provided = new Map<string, Promise<void>>();

  function find(path: string): HubFile {
    checkPath(path, description);
    const file = byPath.get(path);
    if (file !== undefined) return file;
    const isFolder = files.some((other) => other.path.startsWith(`${path}/`));
    throw new FileError(
      `Cannot read ${path} of ${description}: ${isFolder ? "it is a folder" : "no such file"}`,
      { kind: isFolder ? "not a file" : "missing" },
    );
  }

  /** Readers at the same time wait for one transfer. */
  function once(file: HubFile): Promise<void> {
    const known = provided.get(file.path);
    if (known !== undefined) return known;
    const promise = provide(file);
    provided.set(file.path, promise);
    promise.catch(() => provided.delete(file.path));
    return promise;
  }

  return {
    description,
    size: (path) => Promise.try(() => find(path).size),
    async read(path, start = 0, end) {
      const file = find(path);
      const { size } = file;
      checkRange(`${path} of ${description}`, { start, end: end ?? size, size });
      await once(file);
      return await contents.read(path, start, end ?? size);
    },
    exists: (path) =>
      Promise.try(() => {
        checkPath(path, description);
        return byPath.has(path);
      }),
    list: (folder) =>
      Promise.try(() => {
        const prefix = folder === "" ? "" : `${folder}/`;
        const names = files.filter(({ path }) => path.startsWith(prefix))
          .map(({ path }) => path.slice(prefix.length).split("/")[0]!);
        return [...new Set(names)].sort();
      }),
  };
}
