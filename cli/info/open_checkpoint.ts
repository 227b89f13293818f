/**
 * Checkpoints in one file, and nothing else that nobody has named.
 *
 * @module
 */
import { type FileSource, locateFile } from "../../formats/files.ts";
import { openOriginalFile } from "../../formats/originals/open_original_file.ts";
import { type OriginalFolder, originalFolder } from "../../formats/originals/original_folder.ts";
import { mayRead } from "../may_read.ts";

/** A checkpoint, and whether a configuration beside it was looked for. */
export interface OpenedCheckpoint {
  readonly folder: OriginalFolder;
  /** Names of configurations that there is no permission to look for. */
  readonly unseen: readonly string[];
}

/**
 * Opens a checkpoint. A configuration beside it is read where there is permission; it is not asked for, so that permission to
 * read the file is enough.
 *
 * @throws {ModelError} If it is no model that is known.
 * @throws {SafetensorsError} If it is damaged.
 * @throws {FileError} If it cannot be read.
 */
export async function openCheckpoint(where: string): Promise<OpenedCheckpoint> {
  const { files, path } = locateFile(where);
  const isRemote = /^https?:/i.test(where); // whoever names a server may ask it
  const unseen: string[] = [];
  const seen: FileSource = {
    ...files,
    async exists(name) {
      if (isRemote || await mayRead(neighbour(where, name))) return await files.exists(name);
      unseen.push(name);
      return false;
    },
  };
  const folder = originalFolder(await openOriginalFile(seen, path));
  return { folder, unseen };
}

/** The place of a file in the same folder. */
function neighbour(where: string, name: string): string | URL {
  if (/^file:/i.test(where)) return new URL(encodeURIComponent(name), where);
  return where.slice(0, Math.max(where.lastIndexOf("/"), where.lastIndexOf("\\")) + 1) + name;
}
