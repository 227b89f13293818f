/**
 * Which way imports point.
 *
 * @module
 */
import { scanSource } from "./source_scan.ts";

/** What each folder may import, besides itself and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  graph: [],
  schedulers: [],
  random: [],
  backends: ["graph", "formats"],
  models: ["graph"],
  formats: ["graph"],
  assets: ["formats"],
  pipelines: ["graph", "backends", "models", "schedulers", "random", "formats", "assets"],
  conformance: [
    "graph",
    "backends",
    "models",
    "schedulers",
    "random",
    "formats",
    "assets",
    "pipelines",
  ],
  cli: ["backends", "formats", "assets", "pipelines", "conformance", "mod.ts", "deno.json"],
  "mod.ts": [
    "graph",
    "backends",
    "models",
    "schedulers",
    "random",
    "formats",
    "assets",
    "pipelines",
    "conformance",
  ],
};

/** They import what they like. */
const FREE = ["tests", "tools", "bench", "examples", "docs"];

/** Adapters that may name Deno, besides the command line. */
const ADAPTERS = ["formats/files.ts", "formats/write_file.ts", "formats/hub/cache_disk.ts"];

/** A line that breaks a rule. */
export interface Violation {
  /** The file, from the root, with slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong there. */
  readonly reason: string;
}

/** Checks a file. */
export function checkLayers(
  source: string,
  { file, aliases = {} }: {
    /** The file's path from the root, with slashes. */
    readonly file: string;
    /** Bare names that stand for files of ours, by the import map: `{ "@denoise/denoise": "./mod.ts" }`. */
    readonly aliases?: Readonly<Record<string, string>>;
  },
): Violation[] {
  const layer = file.split("/")[0]!;
  if (FREE.includes(layer) || isTest(file)) return [];
  const { code, strings } = scanSource(source);
  const violations: Violation[] = [];
  const add = (position: number, reason: string) => {
    violations.push({ file, line: source.slice(0, position).split("\n").length, reason });
  };
  const allowed = MAY_IMPORT[layer];
  if (allowed === undefined) add(0, `${layer} is no part: it has no place among the layers`);
  for (const [at, specifier] of importsOf(code, strings)) {
    const target = resolve(specifier, { file, aliases });
    if (target === undefined) continue;
    const part = target.split("/")[0]!;
    if (isTest(target)) add(at, `imports a test, ${target}`);
    else if (part !== layer && allowed?.includes(part) === false) {
      const may = allowed.length === 0 ? "nothing of ours" : allowed.join(", ");
      add(at, `${layer} may import ${may}, not ${target}`);
    }
  }
  if (layer !== "cli" && !ADAPTERS.includes(file)) {
    for (const { index } of code.matchAll(/(?<![\w$])Deno(?![\w$])/g)) {
      add(index, "names Deno, which only the command line and the file adapters may");
    }
  }
  return violations.sort((a, b) => a.line - b.line);
}

function isTest(file: string): boolean {
  return /_test\.[cm]?[jt]sx?$/.test(file);
}

/** Positions and specifiers of static and dynamic imports, imported types and re-exports. */
function* importsOf(
  code: string,
  strings: ReadonlyMap<number, string>,
): Generator<readonly [position: number, specifier: string]> {
  for (const match of code.matchAll(/(?<![\w$.])(?:from\s*|import\s*\(?\s*)(?=["'])/g)) {
    const specifier = strings.get(match.index + match[0].length);
    if (specifier !== undefined) yield [match.index, specifier];
  }
}

/** The imported file from the root; undefined for packages and web addresses. Above the root it begins with `..`. */
function resolve(
  specifier: string,
  { file, aliases }: { readonly file: string; readonly aliases: Readonly<Record<string, string>> },
): string | undefined {
  const alias = aliases[specifier];
  if (alias !== undefined) return alias.startsWith("./") ? alias.slice(2) : undefined;
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  const path = specifier.startsWith("/") ? [] : file.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "" || step === ".") continue;
    if (step === ".." && path.length > 0 && path.at(-1) !== "..") path.pop();
    else path.push(step);
  }
  return path.join("/");
}
