/**
 * The adapter between what writes results and local files.
 *
 * @module
 */
import { FileError, type FileErrorKind } from "./file_source.ts";

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
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFiles(new Map([[path, bytes]]));
}

/**
 * Writes several files: all bytes are on the disk before the first name appears.
 *
 * @param files Bytes by path.
 * @throws {FileError} As {@linkcode writeFile}.
 */
export async function writeFiles(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const system = hostSystem();
  const staged: Staged[] = [];
  try {
    for (const [path, bytes] of files) staged.push(await stage(path, bytes, system));
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

/** Bytes that wait under a temporary name. */
interface Staged {
  readonly path: string;
  readonly temporary: string;
  /** The path with links followed. */
  readonly target: string;
}

function stage(path: string, bytes: Uint8Array, system: typeof Deno): Promise<Staged> {
  return translated(path, system, async () => {
    const target = await resolveTarget(path, system);
    const cut = Math.max(...separators(system).map((separator) => target.lastIndexOf(separator)));
    const name = target.slice(cut + 1);
    // A long name with a suffix may be longer than the system allows.
    const temporary = `${target.slice(0, cut + 1)}.${name.slice(0, 100)}.${crypto.randomUUID()}`;
    try {
      using file = await system.open(temporary, { write: true, createNew: true });
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.syncData(); // or a crash after the renaming leaves a name without bytes
    } catch (error) {
      await system.remove(temporary).catch(() => {});
      throw error;
    }
    return { path, temporary, target };
  });
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
