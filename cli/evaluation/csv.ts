/**
 * Tables of text with commas between cells (RFC 4180).
 *
 * @module
 */
import { UsageError } from "../usage_error.ts";

/** A table whose first line names the columns. */
export interface CsvTable {
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Cells by column; a line that is shorter has empty ones. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/**
 * Reads a table.
 *
 * @param where Its name, for messages.
 * @throws {UsageError} If it has no columns, a column twice, a line with more cells than columns, or a quote without its pair.
 */
export function parseCsv(text: string, where: string): CsvTable {
  const [first, ...lines] = cellsOf(text.replace(/^\uFEFF/, ""), where);
  if (first === undefined) throw new UsageError(`Cannot use ${where}: it is empty`);
  const columns = first.map((name) => name.trim());
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UsageError(`Cannot use ${where}: it has the column ${JSON.stringify(twice)} twice`);
  }
  const rows = lines.map((cells, at) => {
    if (cells.length > columns.length) {
      throw new UsageError(
        `Cannot use ${where}: row ${
          at + 1
        } has ${cells.length} cells, but there are ${columns.length} columns`,
      );
    }
    return Object.fromEntries(columns.map((name, column) => [name, cells[column] ?? ""]));
  });
  return { columns, rows };
}

/** Lines of cells; empty lines are left out. */
function cellsOf(text: string, where: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  // A cell, in quotes or plain, and what ends it.
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (match === null) {
      const number = text.slice(0, at).split("\n").length;
      throw new UsageError(`Cannot use ${where}: a quote on line ${number} is out of place`);
    }
    line.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] !== ",") {
      if (line.length > 1 || line[0] !== "") lines.push(line);
      line = [];
    } else if (cell.lastIndex === text.length) {
      lines.push([...line, ""]);
    }
  }
  return lines;
}

/** A table as text. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
