/**
 * Fails where an import points the wrong way, or Deno is named outside its adapters.
 *
 *     deno task layers
 *
 * @module
 */
import { checkLayers, type Violation } from "./layers.ts";

const ROOT = new URL("../", import.meta.url);

/** Folders that hold no source of ours. */
const SKIPPED = ["node_modules", "offline", "goldens"];

/** Every source file below a folder, sorted. */
async function* sourceFiles(folder: URL, path = ""): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (name.startsWith(".") || SKIPPED.includes(name)) continue;
    if (isDirectory) yield* sourceFiles(new URL(`${name}/`, folder), `${path}${name}/`);
    else if (/\.[cm]?[jt]sx?$/.test(name)) yield path + name;
  }
}

/** Checks all source files of the repository. */
export async function checkTree(
  root: URL = ROOT,
): Promise<{ readonly files: number; readonly violations: readonly Violation[] }> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const violations: Violation[] = [];
  let files = 0;
  for await (const file of sourceFiles(root)) {
    const source = await Deno.readTextFile(new URL(file, root));
    violations.push(...checkLayers(source, { file, aliases: config.imports }));
    files++;
  }
  return { files, violations };
}

if (import.meta.main) {
  const { files, violations } = await checkTree();
  const lines = violations.map(({ file, line, reason }) => `${file}:${line}: ${reason}`);
  // deno-lint-ignore no-console
  console.log(lines.length > 0 ? lines.join("\n") : `${files} files: every import points down`);
  if (lines.length > 0) Deno.exit(1);
}
