/**
 * The hashes by which the hub knows contents.
 *
 * @module
 */
import type { HubFile } from "./hub_file.ts";

/** A hash that is fed piece by piece. */
export interface ContentHash {
  /** What it is called. */
  readonly name: string;
  /** What it has to be. */
  readonly wanted: string;
  /** Takes the content's next bytes. */
  update(bytes: Uint8Array): void;
  /** The hash in hexadecimal digits. It takes no bytes after that. */
  digest(): string;
}

/**
 * The hash of a file's content: SHA-256 of a large file, git's SHA-1 of a blob (`blob <size>`, NUL, content) of another.
 *
 * By `node:crypto`, which every runtime with a file system has: `crypto.subtle` wants a content whole, and hashes written in
 * JavaScript are slower than disks. It loads here, since browsers, which have no cache on a disk, do not have it.
 */
export async function contentHash(file: HubFile): Promise<ContentHash> {
  const { createHash } = await import("node:crypto");
  const { sha256 } = file;
  const hash = createHash(sha256 === undefined ? "sha1" : "sha256");
  if (sha256 === undefined) hash.update(`blob ${file.size}\0`);
  return {
    name: sha256 === undefined ? "git hash" : "SHA-256",
    wanted: sha256 ?? file.blobId,
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest("hex"),
  };
}
