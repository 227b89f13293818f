/**
 * The option `--backend`.
 *
 * @module
 */
import { type Backend, BackendError, BACKENDS, chooseBackend, type ChosenBackend } from "../mod.ts";
import type { Option } from "./command.ts";
import { didYouMean } from "./nearest.ts";
import { UsageError } from "./usage_error.ts";

/** The option as commands declare it. */
export const BACKEND_OPTION: Option = {
  name: "backend",
  value: "NAME|FILE",
  help: `${BACKENDS.join(", ")}, or a module whose default export is a Backend or makes one`,
};

/**
 * Makes the backend that was asked for. It is the caller's to dispose.
 *
 * @param choice A backend's name, or a module's path or URL.
 * @throws {UsageError} If it is neither.
 * @throws {BackendError} If the backend does not work here, or the module has none.
 */
export async function openBackend(choice: string): Promise<ChosenBackend> {
  const name = BACKENDS.find((known) => known === choice);
  if (name !== undefined) return await chooseBackend(name);
  if (isModule(choice)) {
    const backend = await importBackend(choice);
    return { backend, owned: true, description: `${backend.name} of ${choice}` };
  }
  throw new UsageError(
    `Cannot use --backend ${choice || '""'}: it must be ${
      BACKENDS.join(", ")
    } or a module such as ./mine.ts${didYouMean(choice, BACKENDS)}`,
  );
}

/** Whether a choice of a backend means a module. */
export function isModule(choice: string): boolean {
  return /\.[cm]?[jt]s$/i.test(choice) || /^(https?|file|jsr|npm):/i.test(choice);
}

async function importBackend(where: string): Promise<Backend> {
  let value: unknown;
  try {
    const module: { readonly default?: unknown } = await import(moduleURL(where));
    value = typeof module.default === "function" ? await module.default() : module.default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`Cannot use the backend ${where}: ${reason}`, { cause });
  }
  if (isBackend(value)) return value;
  throw new BackendError(
    `Cannot use the backend ${where}: its default export ${
      value === undefined ? "is missing" : "is no Backend and makes none"
    }`,
  );
}

function moduleURL(where: string): string {
  if (/^[a-z]{2,}:/i.test(where)) return where;
  const path = where.replaceAll("\\", "/");
  const isAbsolute = /^(\/|[a-z]:)/i.test(path);
  const url = new URL("file:///");
  // The setter escapes all that means something in a URL but "%".
  url.pathname = (isAbsolute ? path : `${Deno.cwd()}/${path}`).replaceAll("%", "%25");
  return url.href;
}

function isBackend(value: unknown): value is Backend {
  if (typeof value !== "object" || value === null) return false;
  const methods = ["load", "compile", "upload", "settled", Symbol.asyncDispose] as const;
  return "name" in value && typeof value.name === "string" &&
    methods.every((method) =>
      typeof (value as Record<PropertyKey, unknown>)[method] === "function"
    );
}
