/**
 * Columns of text.
 *
 * @module
 */

/** Lines in which each column is as wide as its widest cell; two spaces between columns, none at the ends of lines. */
export function formatTable(
  rows: readonly (readonly string[])[],
  options: { readonly indent?: number } = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => widths[at] = Math.max(widths[at] ?? 0, [...cell].length));
  }
  const indent = " ".repeat(options.indent ?? 0);
  const pad = (cell: string, at: number) => cell + " ".repeat(widths[at]! - [...cell].length);
  return rows.map((row) => (indent + row.map(pad).join("  ")).trimEnd());
}
