/**
 * Runs the command line as users do, as a process of its own. For tests.
 *
 * @module
 */

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Where and with which permissions a process runs. */
export interface RunOptions {
  /** The current folder. */
  readonly cwd: string;
  /** Default: what the command needs, to read everything and to write below the current folder. */
  readonly permissions?: readonly string[];
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told when the process is there. */
  readonly onStart?: (child: Deno.ChildProcess) => void | Promise<void>;
}

/** Runs `denoise ARGS`. */
export async function runDenoise(args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env, onStart } = options;
  const { permissions = ["--allow-read", `--allow-write=${cwd}`] } = options;
  const root = new URL("../../", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${decodeURIComponent(new URL("deno.json", root).pathname)}`,
      ...permissions,
      new URL("cli/main.ts", root).href,
      ...args,
    ],
    cwd,
    // Mesa's drivers complain without it; the command sets it only where it has permission.
    env: { XDG_RUNTIME_DIR: cwd, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  await onStart?.(child);
  const { code, stdout, stderr } = await output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs something in a new folder, which is then removed. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Names in a folder, in order. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
