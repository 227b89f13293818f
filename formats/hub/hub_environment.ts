/**
 * Settings of the hub from variables of the environment, for a command: the library reads none.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import type { HubOptions } from "./hub_options.ts";

/** What the environment says of the hub. */
export interface HubEnvironment extends Pick<HubOptions, "cacheDir" | "endpoint" | "token"> {
  /** Whether no server may be asked. */
  readonly offline: boolean;
  /** The file that `hf auth login` leaves a token in: to be read if there is no token here. */
  readonly tokenPath?: string;
}

/** Variables by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that are asked for, as a command has to name those that it may read. */
export const HUB_VARIABLES = [
  "HF_HUB_CACHE",
  "HUGGINGFACE_HUB_CACHE",
  "HF_HOME",
  "XDG_CACHE_HOME",
  "HOME",
  "USERPROFILE",
  "HF_ENDPOINT",
  "HF_TOKEN",
  "HUGGING_FACE_HUB_TOKEN",
  "HF_TOKEN_PATH",
  "HF_HUB_DISABLE_IMPLICIT_TOKEN",
  "HF_HUB_OFFLINE",
  "TRANSFORMERS_OFFLINE",
] as const;

/**
 * Reads variables as huggingface_hub does (its `constants.py`). One that is empty counts as not set.
 *
 * @throws {FileError} Of kind `missing` if nothing says where the cache is.
 *
 * @example
 * ```ts
 * import { hubOptionsFromEnvironment } from "./hub_environment.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hubOptionsFromEnvironment({ HOME: "/home/ada", HF_TOKEN: "hf_x" }), {
 *   cacheDir: "/home/ada/.cache/huggingface/hub",
 *   token: "hf_x",
 *   tokenPath: "/home/ada/.cache/huggingface/token",
 *   offline: false,
 * });
 * ```
 */
export function hubOptionsFromEnvironment(env: Environment): HubEnvironment {
  const get = (name: (typeof HUB_VARIABLES)[number]) => env[name] || undefined;
  const home = get("HOME") ?? get("USERPROFILE");
  const folder = (path: string | undefined) =>
    path === undefined ? undefined : expand(path, { env, home });
  const below = (parent: string | undefined, name: string) =>
    parent === undefined ? undefined : `${parent.replace(/(?<=.)\/+$/, "")}/${name}`;
  const caches = folder(get("XDG_CACHE_HOME")) ?? below(home, ".cache");
  const hugging = folder(get("HF_HOME")) ?? below(caches, "huggingface");
  const cacheDir = folder(get("HF_HUB_CACHE") ?? get("HUGGINGFACE_HUB_CACHE")) ??
    below(hugging, "hub");
  if (cacheDir === undefined) {
    throw new FileError(
      "Cannot tell where the hub's cache is: none of HF_HUB_CACHE, HF_HOME and HOME is set",
      { kind: "missing" },
    );
  }
  const endpoint = get("HF_ENDPOINT");
  const implicit = !isTrue(get("HF_HUB_DISABLE_IMPLICIT_TOKEN"));
  const token = (get("HF_TOKEN") ?? get("HUGGING_FACE_HUB_TOKEN"))?.trim();
  const tokenPath = folder(get("HF_TOKEN_PATH")) ?? below(hugging, "token");
  return {
    cacheDir,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(implicit && token ? { token } : {}),
    ...(implicit && tokenPath !== undefined ? { tokenPath } : {}),
    offline: isTrue(get("HF_HUB_OFFLINE") ?? get("TRANSFORMERS_OFFLINE")),
  };
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? "");
}

/** `~` and `$NAME`, which shells leave alone in quotes and in files of settings. */
function expand(
  path: string,
  { env, home }: { readonly env: Environment; readonly home: string | undefined },
): string {
  const full = home === undefined ? path : path.replace(/^~(?=\/|$)/, () => home);
  return full.replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, bare) => env[braced ?? bare] ?? all);
}
