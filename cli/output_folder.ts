/**
 * Folders that a command writes.
 *
 * @module
 */
import { FileError } from "../mod.ts";

/** What tells a folder that a command may replace from others. */
export interface FolderKind {
  /** `model`, for messages. */
  readonly name: string;
  /** Files at least one of which it has. */
  readonly files: readonly string[];
}

const MODEL: FolderKind = { name: "model", files: ["model_index.json", "config.json"] };

/**
 * Checks, before any work, that a folder may be replaced: it is of the kind that is written, by default a model's, nothing that
 * is being read is in it, and nobody stands in it. A folder that does not exist may be.
 *
 * @throws {FileError} If it may not.
 */
export async function checkTarget(
  path: string,
  { sources, force, kind = MODEL }: {
    /** What is read: paths, URLs and names. */
    readonly sources: readonly string[];
    /** Whether a folder with something in it may be replaced at all. */
    readonly force: boolean;
    readonly kind?: FolderKind;
  },
): Promise<void> {
  const fail = (reason: string) =>
    new FileError(`Cannot write the folder ${path || '""'}: ${reason}`, { kind: "not a file" });
  const target = await realPath(path);
  if (target === undefined) return;
  const contains = (inner: string) =>
    inner.startsWith(target) && /^($|[\\/])/.test(inner.slice(target.replace(/[\\/]$/, "").length));
  for (const source of sources) {
    const real = await realPath(source);
    if (real !== undefined && contains(real)) throw fail(`${source}, which is read, is in it`);
  }
  if (contains(await Deno.realPath("."))) throw fail("it is the current folder, or around it");
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(target)) names.push(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) throw fail("it is a file or a device");
    throw error;
  }
  if (names.length === 0) return;
  if (!force) {
    throw fail(
      `it has something in it already, such as ${names[0]}; --force replaces a ${kind.name}`,
    );
  }
  if (!names.some((name) => kind.files.includes(name))) {
    throw fail(
      `it has something in it, such as ${names[0]}, and no ${kind.files.join(" or ")}: ` +
        `--force replaces a ${kind.name} only`,
    );
  }
}

/** A local path without links; undefined for what does not exist or is elsewhere. */
async function realPath(path: string): Promise<string | undefined> {
  if (path === "" || /^https?:/i.test(path)) return undefined;
  try {
    return await Deno.realPath(/^file:/i.test(path) ? new URL(path) : path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
