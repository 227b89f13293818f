/**
 * Where a command writes: results to stdout, all else to stderr.
 *
 * @module
 */

import { plainText } from "./plain_text.ts";

/** What a command writes to. */
export interface Console {
  /** Whether somebody watches stderr. */
  readonly isTerminal: boolean;
  /** Whether stdout may have colours. */
  readonly hasColour: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  /** A line of results. */
  print(line: string): void;
  /** A line for whoever watches. */
  note(line: string): void;
  /** The line at the bottom of a terminal, replaced each time and gone when empty; nothing where there is no terminal. */
  status(line: string): void;
}

/** What a {@linkcode Console} needs of a process. */
export interface ConsoleParts {
  /** Writes to stdout. */
  writeOut(text: string): void;
  /** Writes to stderr. */
  writeError(text: string): void;
  /** Whether stderr is a terminal. */
  readonly isTerminal: boolean;
  /** Whether stdout may have colours. */
  readonly hasColour: boolean;
  /** Characters in a line, asked each time: windows change. */
  columns(): number;
}

/** Keeps the status line apart from the lines above it. */
export function makeConsole(parts: ConsoleParts): Console {
  let shown = "";
  const status = (line: string): void => {
    if (!parts.isTerminal || line === shown) return;
    // Back to the start, and clear to the end (ECMA-48, EL).
    parts.writeError(`\r\x1b[K${line}`);
    shown = line;
  };
  /** Lines come above the status line, whichever stream they are on: both may be the same terminal. */
  const above = (write: () => void): void => {
    const line = shown;
    status("");
    write();
    status(line);
  };
  return {
    isTerminal: parts.isTerminal,
    hasColour: parts.hasColour,
    get columns() {
      return parts.columns();
    },
    print: (line) => above(() => parts.writeOut(`${line}\n`)),
    note: (line) => above(() => parts.writeError(`${plainText(line)}\n`)),
    status,
  };
}

/** The console of this process. */
export function systemConsole(): Console {
  const { stdout, stderr } = Deno;
  return makeConsole({
    writeOut: (text) => writeAll(stdout, text),
    writeError: (text) => writeAll(stderr, text),
    isTerminal: stderr.isTerminal(),
    hasColour: stdout.isTerminal() && !Deno.noColor,
    columns: () => {
      try {
        return Deno.consoleSize().columns || 80; // a terminal that does not know says 0
      } catch {
        return 80; // stderr is a terminal, but none of the streams that are asked for their size
      }
    },
  });
}

/** Writes all of a text now: a process that ends at once loses nothing. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
  } catch (error) {
    // Whoever read it, `head` say, has seen enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
