/**
 * A model's file list in the cache: `trees/<commit>.json`, as huggingface_hub keeps it since its version 1.
 *
 * A commit does not change, so a list that was read once holds forever.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import { isObject, JsonError, parseJson } from "../json.ts";
import { checkHubFile, type HubFile } from "./hub_file.ts";

/** The form's number in huggingface_hub. */
const FORMAT_VERSION = 1;

/** Writes a file list. */
export function encodeFileTree(files: readonly HubFile[]): Uint8Array {
  const entries = files.toSorted((a, b) => a.path < b.path ? -1 : 1).map((
    { path, size, blobId, sha256, xetHash },
  ) =>
    [path, {
      size,
      blob_id: blobId,
      ...(sha256 === undefined ? {} : { lfs_sha256: sha256, lfs_size: size }),
      ...(xetHash === undefined ? {} : { xet_hash: xetHash }),
    }] as const
  );
  const tree = { format_version: FORMAT_VERSION, files: Object.fromEntries(entries) };
  return new TextEncoder().encode(JSON.stringify(tree, null, 1));
}

/**
 * Reads a file list; nothing if it is of another form or damaged, as huggingface_hub does: it can be had again.
 *
 * @example
 * ```ts
 * import { decodeFileTree, encodeFileTree } from "./file_tree.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const files = [{ path: "unet/config.json", size: 2, blobId: "0".repeat(40) }];
 * assertEquals(decodeFileTree(encodeFileTree(files)), files);
 * ```
 */
export function decodeFileTree(bytes: Uint8Array): HubFile[] | undefined {
  try {
    const tree = parseJson(bytes);
    if (!isObject(tree) || tree.format_version !== FORMAT_VERSION || !isObject(tree.files)) {
      return undefined;
    }
    return Object.entries(tree.files).map(([path, entry]) => {
      const { size, blob_id, lfs_sha256, lfs_size, xet_hash } = isObject(entry) ? entry : {};
      const whole = lfs_sha256 === undefined ? { size } : { size: lfs_size, sha256: lfs_sha256 };
      return checkHubFile({ path, blobId: blob_id, xetHash: xet_hash, ...whole }, "the file list");
    });
  } catch (error) {
    if (error instanceof JsonError || error instanceof FileError) return undefined;
    throw error;
  }
}
