/**
 * What the hub tells of a file before it is fetched.
 *
 * @module
 */
import { checkPath, FileError } from "../file_source.ts";

/** A file of a model at one commit. */
export interface HubFile {
  /** Its path in the model. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** git's name of its content, 40 hexadecimal digits; for a large file that of the pointer to it. */
  readonly blobId: string;
  /** SHA-256 of a large file's content, 64 hexadecimal digits. */
  readonly sha256?: string;
  /** The hash of its chunks in the hub's newer storage: kept for other readers of the cache. */
  readonly xetHash?: string;
}

/** A file's name among the cache's blobs: the entity tag that the hub gives it. */
export function etagOf(file: HubFile): string {
  return file.sha256 ?? file.blobId;
}

/** Whether a text is so many lowercase hexadecimal digits. */
export function isHex(text: unknown, digits: number): text is string {
  return typeof text === "string" && text.length === digits && /^[0-9a-f]+$/.test(text);
}

/**
 * Checks an entry of a file list: it becomes a path on the disk, a blob's name and a size to wait for.
 *
 * @param where The list it stands in, for messages.
 * @throws {FileError} Of kind `bad path` if it would lie elsewhere, `failed` if something else is wrong.
 */
export function checkHubFile(
  entry: {
    readonly path: unknown;
    readonly size: unknown;
    readonly blobId: unknown;
    readonly sha256?: unknown;
    readonly xetHash?: unknown;
  },
  where: string,
): HubFile {
  const { path, size, blobId, sha256, xetHash } = entry;
  if (typeof path !== "string") throw fault(where, "a file in it has no path");
  checkPath(path, where);
  const name = JSON.stringify(path.slice(0, 200));
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw fault(where, `${name} has no size in it`);
  }
  if (!isHex(blobId, 40)) throw fault(where, `${name} has no git hash in it`);
  if (sha256 !== undefined && !isHex(sha256, 64)) {
    throw fault(where, `the SHA-256 of ${name} is none`);
  }
  return {
    path,
    size,
    blobId,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(isHex(xetHash, 64) ? { xetHash } : {}),
  };
}

function fault(where: string, reason: string): FileError {
  return new FileError(`Cannot use ${where}: ${reason}`, { kind: "failed" });
}
