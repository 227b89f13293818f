/**
 * Names of the files that a command writes.
 *
 * @module
 */

/** The name itself for one file; for several, numbers from 0 before the ending: `out-0.png`, `out-1.png`. */
export function outputNames(path: string, count: number): string[] {
  if (count === 1) return [path];
  const dot = path.lastIndexOf(".");
  return Array.from({ length: count }, (_, at) => `${path.slice(0, dot)}-${at}${path.slice(dot)}`);
}
