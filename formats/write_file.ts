/**
 * The adapter between what writes results and local files.
 *
 * @module
 */
import { checkPath, FileError, type FileErrorKind } from "./file_source.ts";

/** What a file is to hold: bytes, or pieces of them that are made as they are written. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Writes a file: whole, or not at all.
 *
 * The bytes go to a temporary name in the same folder, which then takes the file's place, so no reader and no crash ever
 * sees a part of it. That needs the runtime's permission to read and write the folder. A link is written through.
 *
 * @param path Where to; a file that is there is replaced.
 * @throws {FileError} If it cannot be written: `missing` folder, `denied`, `not a file` if something else is there, else
 * `failed`. Nothing is left behind then.
 *
 * @example
 * ```ts
 * import { writeFile } from "./write_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await writeFile(`${folder}/a.bin`, Uint8Array.of(1, 2, 3));
 * assertEquals(await Deno.readFile(`${folder}/a.bin`), Uint8Array.of(1, 2, 3));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeFile(path: string, content: FileContent): Promise<void> {
  await writeFiles(new Map([[path, content]]));
}

/**
 * Writes several files: all bytes are on the disk before the first name appears.
 *
 * @param files Contents by path.
 * @throws {FileError} As {@linkcode writeFile}.
 */
export async function writeFiles(files: ReadonlyMap<string, FileContent>): Promise<void> {
  const system = hostSystem();
  const staged: Staged[] = [];
  try {
    for (const [path, content] of files) staged.push(await stage(path, content, system));
    for (const { path, temporary, target } of staged) {
      await translated(path, system, () => system.rename(temporary, target));
    }
  } catch (error) {
    for (const { temporary } of staged) await system.remove(temporary).catch(() => {});
    throw error;
  }
}

/**
 * Checks that a file could be written, before the work that makes it. Leaves nothing behind.
 *
 * @throws {FileError} As {@linkcode writeFile}.
 */
export async function checkWritable(path: string): Promise<void> {
  const system = hostSystem();
  const { temporary } = await stage(path, new Uint8Array(0), system);
  await translated(path, system, () => system.remove(temporary));
}

/** Settings of {@linkcode writeFolder}. */
export interface WriteFolderOptions {
  /** Takes the place of a folder that has something in it. Default false: that is an error. */
  readonly replace?: boolean;
}

/**
 * Writes a folder of files: whole, or not at all.
 *
 * The files go to a folder of a temporary name beside it, which takes the path's place when all of them are on the disk. That
 * needs the runtime's permission to read and write the folder around it. A link to a folder is followed.
 *
 * @param files Paths in the folder, with `/` between their parts, and contents, in the order in which they are made. Nothing is
 * asked of them if the folder cannot be written.
 * @throws {FileError} As {@linkcode writeFile}, and of kind `not a file` if the path is something else than a folder or has
 * something in it that is not to be replaced. Nothing is left behind then, and what was there stays.
 *
 * @example
 * ```ts
 * import { writeFolder } from "./write_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* files(): AsyncGenerator<readonly [string, Uint8Array]> {
 *   yield ["unet/config.json", new TextEncoder().encode("{}")];
 * }
 * const folder = await Deno.makeTempDir();
 * await writeFolder(`${folder}/model`, files());
 * assertEquals(await Deno.readTextFile(`${folder}/model/unet/config.json`), "{}");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeFolder(
  path: string,
  files: AsyncIterable<readonly [path: string, content: FileContent]>,
  { replace = false }: WriteFolderOptions = {},
): Promise<void> {
  const system = hostSystem();
  const run = <T>(step: () => Promise<T>) => translated(path, system, step);
  const { target, isThere } = await run(() => resolveFolder(path, { replace, system }));
  const temporary = temporaryName(target, system);
  try {
    await run(() => system.mkdir(temporary));
    for await (const [inner, content] of files) {
      checkPath(inner, path);
      const place = `${temporary}/${inner}`;
      await run(() => system.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true }));
      await writeNew(place, { path: `${path}/${inner}`, content, system });
    }
    await run(() => exchange(temporary, { target, isThere, system }));
  } catch (error) {
    await system.remove(temporary, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** Gives a folder its name, and takes away the one that has had it. */
async function exchange(
  temporary: string,
  { target, isThere, system }: {
    readonly target: string;
    readonly isThere: boolean;
    readonly system: typeof Deno;
  },
): Promise<void> {
  if (!isThere) return await system.rename(temporary, target);
  const before = temporaryName(target, system);
  await system.rename(target, before);
  try {
    await system.rename(temporary, target);
  } catch (error) {
    await system.rename(before, target);
    throw error;
  }
  await system.remove(before, { recursive: true });
}

/** Follows a link to a folder; refuses anything else, and a folder with something in it unless that is to be replaced. */
async function resolveFolder(
  path: string,
  { replace, system }: { readonly replace: boolean; readonly system: typeof Deno },
): Promise<{ readonly target: string; readonly isThere: boolean }> {
  const fail = (reason: string) =>
    new FileError(`Cannot write the folder ${path || '""'}: ${reason}`, { kind: "not a file" });
  const plain = separators(system).reduce(
    (text, separator) => text.endsWith(separator) ? text.slice(0, -1) : text,
    path,
  );
  if (plain === "") throw fail("it names no folder");
  let target: string;
  try {
    target = await system.realPath(plain);
  } catch (error) {
    if (!(error instanceof system.errors.NotFound)) throw error;
    return { target: plain, isThere: false };
  }
  if (!(await system.stat(target)).isDirectory) throw fail("it is a file or a device");
  for await (const { name } of system.readDir(target)) {
    if (!replace) throw fail(`it has something in it already, such as ${name}`);
    break;
  }
  return { target, isThere: true };
}

/** Bytes that wait under a temporary name. */
interface Staged {
  readonly path: string;
  readonly temporary: string;
  /** The path with links followed. */
  readonly target: string;
}

async function stage(path: string, content: FileContent, system: typeof Deno): Promise<Staged> {
  const target = await translated(path, system, () => resolveTarget(path, system));
  const temporary = temporaryName(target, system);
  try {
    await writeNew(temporary, { path, content, system });
  } catch (error) {
    await system.remove(temporary).catch(() => {});
    throw error;
  }
  return { path, temporary, target };
}

/** A name in the same folder that nobody has. */
function temporaryName(target: string, system: typeof Deno): string {
  const cut = Math.max(...separators(system).map((separator) => target.lastIndexOf(separator)));
  // A long name with a suffix may be longer than the system allows.
  const name = target.slice(cut + 1, cut + 101);
  return `${target.slice(0, cut + 1)}.${name}.${crypto.randomUUID()}`;
}

/** Writes a file that is not there yet. What making the content throws is thrown as it is. */
async function writeNew(
  place: string,
  { path, content, system }: {
    /** What it is called in messages. */
    readonly path: string;
    readonly content: FileContent;
    readonly system: typeof Deno;
  },
): Promise<void> {
  const run = <T>(step: () => Promise<T>) => translated(path, system, step);
  using file = await run(() => system.open(place, { write: true, createNew: true }));
  for await (const bytes of content instanceof Uint8Array ? [content] : content) {
    for (let written = 0; written < bytes.length;) {
      written += await run(() => file.write(bytes.subarray(written)));
    }
  }
  await run(() => file.syncData()); // or a crash after the renaming leaves a name without bytes
}

/** Follows a link; refuses a folder, and a device: to rename over `/dev/null` would take it from everyone. */
async function resolveTarget(path: string, system: typeof Deno): Promise<string> {
  if (path === "" || separators(system).some((separator) => path.endsWith(separator))) {
    throw new FileError(`Cannot write ${JSON.stringify(path)}: it names no file`, {
      kind: "not a file",
    });
  }
  let link: Deno.FileInfo;
  try {
    link = await system.lstat(path);
  } catch (error) {
    if (error instanceof system.errors.NotFound) return path;
    throw error;
  }
  const target = link.isSymlink ? await system.realPath(path) : path;
  const found = link.isSymlink ? await system.stat(target) : link;
  if (found.isFile) return target;
  const what = found.isDirectory ? "a folder" : "a device";
  throw new FileError(`Cannot write ${path}: it is ${what}`, { kind: "not a file" });
}

function separators(system: typeof Deno): readonly string[] {
  return system.build.os === "windows" ? ["/", "\\"] : ["/"];
}

/** The one place that asks whether there is a Deno. */
function hostSystem(): typeof Deno {
  const system: typeof Deno | undefined = "Deno" in globalThis ? Deno : undefined;
  if (system === undefined) {
    throw new FileError("Cannot write a local file here: there is no Deno; encode() gives bytes", {
      kind: "denied",
    });
  }
  return system;
}

/** Runs something and speaks of its faults in our words. */
async function translated<T>(
  path: string,
  system: typeof Deno,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof FileError || !(cause instanceof Error)) throw cause;
    const { NotFound, NotADirectory, PermissionDenied, NotCapable, IsADirectory } = system.errors;
    const [kind, reason]: [FileErrorKind, string] = cause instanceof NotFound
      ? ["missing", "its folder does not exist"]
      : cause instanceof NotADirectory
      ? ["missing", "a part of its path is no folder"]
      : cause instanceof NotCapable
      ? ["denied", `${cause.message} (its folder must be readable and writable)`]
      : cause instanceof PermissionDenied
      ? ["denied", "no permission to write in its folder"]
      : cause instanceof IsADirectory
      ? ["not a file", "it is a folder"]
      : ["failed", cause.message];
    throw new FileError(`Cannot write ${path}: ${reason}`, { kind, cause });
  }
}
