/**
 * Where things are in the Hugging Face cache.
 *
 * @module
 */

/** Places of one model in the cache. All but `root` are relative to it, or to `locks`. */
export interface CacheLayout {
  /** The model's folder. */
  readonly root: string;
  /** A content by its entity tag. */
  blob(etag: string): string;
  /** The lock of a content; beside the model's folder, from the cache's. */
  lock(etag: string): string;
  /** A file at a commit: a link to its content. */
  pointer(commit: string, path: string): string;
  /** What the link says: the content's place from the file's folder. */
  pointerTarget(path: string, etag: string): string;
  /** The commit that a branch or tag stood for when it was last asked. */
  ref(revision: string): string;
  /** The list of files at a commit. */
  tree(commit: string): string;
}

/**
 * The places of a model, as huggingface_hub has them (its guide "Understand caching").
 *
 * @example
 * ```ts
 * import { cacheLayout } from "./cache_layout.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const layout = cacheLayout("/cache", "CompVis/ldm-celebahq-256");
 * assertEquals(layout.root, "/cache/models--CompVis--ldm-celebahq-256");
 * assertEquals(layout.pointer("abc", "unet/config.json"), "snapshots/abc/unet/config.json");
 * assertEquals(layout.pointerTarget("unet/config.json", "123"), "../../../blobs/123");
 * ```
 */
export function cacheLayout(cacheDir: string, name: string): CacheLayout {
  const cache = cacheDir.replace(/(?<=.)\/+$/, "");
  const folder = ["models", ...name.split("/")].join("--");
  return {
    root: `${cache}/${folder}`,
    blob: (etag) => `blobs/${etag}`,
    lock: (etag) => `${cache}/.locks/${folder}/${etag}.lock`,
    pointer: (commit, path) => `snapshots/${commit}/${path}`,
    pointerTarget: (path, etag) => `${"../".repeat(path.split("/").length + 1)}blobs/${etag}`,
    ref: (revision) => `refs/${revision}`,
    tree: (commit) => `trees/${commit}.json`,
  };
}
