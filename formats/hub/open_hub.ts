/**
 * Opens models on the Hugging Face hub, through the cache that all its clients share.
 *
 * @module
 */
import { FileError, type FileSource } from "../file_source.ts";
import { download } from "./download.ts";
import { type HubFile, isHex } from "./hub_file.ts";
import { type HubId, parseHubId } from "./hub_id.ts";
import { listHubFiles, resolveRevision } from "./hub_listing.ts";
import type { HubOptions } from "./hub_options.ts";
import { hubServer } from "./hub_server.ts";
import { listedFiles } from "./listed_files.ts";
import { type ModelCache, modelCache } from "./model_cache.ts";

/**
 * Opens a model on the hub by its name.
 *
 * Asks which commit the revision is now and which files it has; a commit that was asked for before needs no question at all. A
 * file is fetched whole when it is first read, checked against its hash, and kept in the cache. It is read from there by ranges.
 * Only what is read is fetched: `exists`, `size` and `list` answer from the file list.
 *
 * @param id `hf:owner/name` or `hf:owner/name@revision`.
 * @throws {FileError} If the name is none (`bad path`), the model is not there or not in the cache (`missing`), may not be read
 * (`denied`), or the hub or the disk fails. The source's methods throw the same.
 *
 * @example What is in the cache, without a network
 * ```ts
 * import { FileError } from "../file_source.ts";
 * import { openHub } from "./open_hub.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const cacheDir = await Deno.makeTempDir();
 * await assertRejects(
 *   () => openHub("hf:CompVis/ldm-text2im-large-256", { cacheDir, offline: true }),
 *   FileError,
 *   "is not in the cache",
 * );
 * await Deno.remove(cacheDir);
 * ```
 */
export async function openHub(id: string, options: HubOptions): Promise<FileSource> {
  const model = parseHubId(id);
  if (options.cacheDir === "") {
    throw new FileError(`Cannot open ${id}: the cache's folder has no name`, { kind: "bad path" });
  }
  const cache = modelCache(model, options.cacheDir);
  return options.offline
    ? await openCached(model, cache)
    : await openOnline(model, { cache, options });
}

/** A model of which nothing is fetched. */
async function openCached(id: HubId, cache: ModelCache): Promise<FileSource> {
  const commit = await cache.commit();
  if (commit === undefined) {
    throw notCached(`Cannot open ${id.text}: it is not in the cache ${cache.root}`);
  }
  const contents = cache.snapshot(commit);
  const files = await cache.tree(commit);
  if (files !== undefined) {
    const provide = async (file: HubFile) => {
      if (await cache.has(file, commit)) return;
      throw notCached(`Cannot read ${file.path} of ${id.text}: it is not whole in the cache`);
    };
    return listedFiles(files, { description: id.text, contents, provide });
  }
  // A cache of an older huggingface_hub has no list: what is there is all that is known.
  try {
    await contents.list!("");
  } catch (cause) {
    if (!(cause instanceof FileError) || cause.kind !== "missing") throw cause;
    throw notCached(`Cannot open ${id.text}: its commit ${commit} is not in ${cache.root}`);
  }
  return { ...contents, description: id.text };
}

function notCached(reason: string): FileError {
  return new FileError(`${reason}, and the hub is not asked in offline mode`, { kind: "missing" });
}

/** A model whose files are fetched when they are read. */
async function openOnline(
  id: HubId,
  { cache, options }: { readonly cache: ModelCache; readonly options: HubOptions },
): Promise<FileSource> {
  const { signal, onProgress = () => {} } = options;
  const server = hubServer(id, options);
  const request = { ...options, id, server };
  const commit = isHex(id.revision, 40) ? id.revision : await currentCommit();
  const files = await cache.tree(commit) ?? await listHubFiles(commit, request);

  async function currentCommit(): Promise<string> {
    try {
      return await resolveRevision(request);
    } catch (error) {
      const known = await cache.commit().catch(() => undefined);
      if (known === undefined || !(error instanceof FileError) || error.kind !== "failed") {
        throw error;
      }
      throw new FileError(
        `${error.message}; offline mode would use what the cache has of commit ${known}`,
        { kind: "failed", cause: error },
      );
    }
  }

  async function provide(file: HubFile): Promise<void> {
    if (!await cache.has(file, commit)) await fetchIt(file);
    await cache.remember(commit, files); // once there is something to find
  }

  async function fetchIt(file: HubFile): Promise<void> {
    const { path, size } = file;
    const action = `Cannot read ${path} of ${id.text}`;
    if (file.sha256 === undefined && file.xetHash !== undefined) {
      const reason = "the hub gives no SHA-256 of it, so that nobody could tell if it is whole";
      throw new FileError(`${action}: ${reason}`, { kind: "failed" });
    }
    const steps = ["resolve", commit, ...path.split("/")].map(encodeURIComponent);
    const url = [server.endpoint, id.name, ...steps].join("/");
    await cache.store(file, {
      commit,
      signal,
      fill: (partial) => download(partial, { ...request, file, url, action }),
      onWait: (loaded) => onProgress({ path, loaded, total: size }),
    });
  }

  return listedFiles(files, { description: id.text, contents: cache.snapshot(commit), provide });
}
