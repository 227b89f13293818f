// The part of @std/cli's parseArgs that this repository uses.
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  negatable?: readonly string[];
  alias?: Record<string, string | readonly string[]>;
  default?: Record<string, unknown>;
  "--"?: boolean;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
export interface Args {
  [name: string]: unknown;
  _: (string | number)[];
}
export function parseArgs(args: string[], options?: ParseOptions): Args;
