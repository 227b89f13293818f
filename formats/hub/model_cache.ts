/**
 * What the Hugging Face cache has of a model.
 *
 * @module
 */
import { FileError, type FileSource } from "../file_source.ts";
import { folderFiles } from "../files.ts";
import { writeFile } from "../write_file.ts";
import { linkContent, makeFolder, openPartial, type PartialFile, withLock } from "./cache_disk.ts";
import { cacheLayout } from "./cache_layout.ts";
import { decodeFileTree, encodeFileTree } from "./file_tree.ts";
import { etagOf, type HubFile, isHex } from "./hub_file.ts";
import type { HubId } from "./hub_id.ts";

/** A model's place in the cache. Methods throw a {@linkcode FileError} where the disk does not do what they need. */
export interface ModelCache {
  /** Its folder. */
  readonly root: string;
  /** The commit that the revision was when it was last asked. */
  commit(): Promise<string | undefined>;
  /** The files that the model has at a commit, in the cache or not, if they were asked for before. */
  tree(commit: string): Promise<readonly HubFile[] | undefined>;
  /** The files in the cache of a commit. */
  snapshot(commit: string): FileSource;
  /** Whether a file of a commit is there, as long as it should be. */
  has(file: HubFile, commit: string): Promise<boolean>;
  /** Puts a file there: names its content if that is there, or else has it filled. */
  store(file: HubFile, options: StoreOptions): Promise<void>;
  /** Keeps what the hub told, if the cache can be written. One that has all files and cannot is as good. */
  remember(commit: string, files: readonly HubFile[]): Promise<void>;
}

/** How a file is put into the cache. */
export interface StoreOptions {
  /** The commit that it belongs to. */
  readonly commit: string;
  /** Fills a partial file with its content, verified. */
  readonly fill: (partial: PartialFile) => Promise<void>;
  /** Ends the waiting for other processes. */
  readonly signal: AbortSignal | undefined;
  /** Hears of the bytes that are there while another process fills it. */
  readonly onWait: (loaded: number) => void;
}

/** The cache of a model. Nothing is read or made yet. */
export function modelCache(id: HubId, cacheDir: string): ModelCache {
  const layout = cacheLayout(cacheDir, id.name);
  const files = folderFiles(layout.root);
  const at = (path: string) => `${layout.root}/${path}`;
  const sizeOf = async (path: string) =>
    await files.exists(path) ? await files.size(path) : undefined;
  const contentOf = async (path: string) =>
    await files.exists(path) ? await files.read(path) : undefined;

  async function keep(path: string, bytes: Uint8Array): Promise<void> {
    try {
      const known = await contentOf(path);
      if (known?.length === bytes.length && known.every((byte, i) => byte === bytes[i])) return;
      await makeFolder(at(path.slice(0, path.lastIndexOf("/"))));
      await writeFile(at(path), bytes);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }

  return {
    root: layout.root,
    async commit() {
      if (isHex(id.revision, 40)) return id.revision;
      const text = new TextDecoder().decode(await contentOf(layout.ref(id.revision))).trim();
      return isHex(text, 40) ? text : undefined;
    },
    async tree(commit) {
      const bytes = await contentOf(layout.tree(commit));
      return bytes === undefined ? undefined : decodeFileTree(bytes);
    },
    snapshot: (commit) => folderFiles(at(`snapshots/${commit}`)),
    has: async (file, commit) => await sizeOf(layout.pointer(commit, file.path)) === file.size,
    async store(file, { commit, fill, signal, onWait }) {
      const etag = etagOf(file);
      const blob = at(layout.blob(etag));
      await withLock(layout.lock(etag), async (exclusive) => {
        const fresh = await sizeOf(layout.blob(etag)) !== file.size;
        if (fresh) {
          await using partial = await openPartial(blob, { exclusive });
          await fill(partial);
          await partial.complete(blob);
        }
        const target = layout.pointerTarget(file.path, etag);
        await linkContent(at(layout.pointer(commit, file.path)), { blob, target, fresh });
      }, {
        signal,
        onWait: async () => onWait(await sizeOf(`${layout.blob(etag)}.incomplete`) ?? 0),
      });
    },
    async remember(commit, known) {
      await keep(layout.tree(commit), encodeFileTree(known));
      if (commit === id.revision) return;
      await keep(layout.ref(id.revision), new TextEncoder().encode(commit));
    },
  };
}
