/**
 * The help texts.
 *
 * @module
 */
import { COMMON_OPTIONS, spellings } from "./arguments.ts";
import type { Command, Option } from "./command.ts";
import { formatTable } from "./terminal/table.ts";

/** The help of the whole command line. */
export function mainHelp(commands: Iterable<Command>): string {
  return [
    "Usage: denoise COMMAND [OPTIONS]",
    "",
    "Latent diffusion: pictures from words.",
    "",
    "Commands:",
    ...formatTable([...commands].map(({ name, summary }) => [name, summary]), { indent: 2 }),
    "",
    "denoise COMMAND --help tells more; denoise --version tells which this is.",
    "",
    'Example: denoise txt2img "a red circle above a blue square"',
  ].join("\n");
}

/** The help of a command. */
export function commandHelp(command: Command): string {
  const { name, summary, operands, options, notes = [] } = command;
  return [
    `Usage: denoise ${name} [OPTIONS] ${operands}`,
    "",
    `${summary[0]!.toUpperCase()}${summary.slice(1)}.`,
    "",
    "Options:",
    ...formatTable([...options, ...COMMON_OPTIONS].map(optionRow), { indent: 2 }),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

/** `-s, --seed N` and what it does. */
function optionRow(option: Option): string[] {
  const names = spellings(option).join(", ");
  const indent = option.short === undefined ? "    " : "";
  return [`${indent}${names}${option.value === undefined ? "" : ` ${option.value}`}`, option.help];
}
