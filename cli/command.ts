/**
 * What a command of the command line is.
 *
 * @module
 */
import type { Arguments } from "./arguments.ts";
import type { Console } from "./terminal/console.ts";

/** What the process ends with. */
export const EXIT = {
  /** All is well. */
  done: 0,
  /** It did not work. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** Ctrl-C: 128 and the signal's number, as shells have it. */
  interrupted: 130,
} as const;

/** An option of a command. */
export interface Option {
  /** The long name, without dashes: `cfg-scale`. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Another long name. */
  readonly alias?: string;
  /** What the value is called in the help: `N`, `FILE`. Absent: the option has no value. */
  readonly value?: string;
  /** What it does, and its default. */
  readonly help: string;
}

/** A command. */
export interface Command {
  /** What is typed. */
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** What stands after the name and the options in the usage line: `[PROMPT]`. */
  readonly operands: string;
  /** Its options, besides `--help` and `--debug`. */
  readonly options: readonly Option[];
  /** Further lines of the help. */
  readonly notes?: readonly string[];
  /** Does it; returns the exit code. */
  run(args: Arguments, console: Console): Promise<number>;
}
