/**
 * The command line: `denoise txt2img "a red circle"`.
 *
 * @module
 */
import { COMMON_OPTIONS, parseArguments, spellings } from "./arguments.ts";
import { type Command, EXIT } from "./command.ts";
import { classify } from "./commands/classify.ts";
import { conform } from "./commands/conform.ts";
import { convert } from "./commands/convert.ts";
import { evaluate } from "./commands/evaluate.ts";
import { exportModel } from "./commands/export.ts";
import { generate } from "./commands/generate.ts";
import { img2img } from "./commands/img2img.ts";
import { info } from "./commands/info.ts";
import { inpaint } from "./commands/inpaint.ts";
import { shapes } from "./commands/shapes.ts";
import { txt2img } from "./commands/txt2img.ts";
import { upscale } from "./commands/upscale.ts";
import { commandHelp, mainHelp } from "./help.ts";
import { InterruptedError } from "./interrupt.ts";
import { didYouMean } from "./nearest.ts";
import { isExpected } from "./expected_errors.ts";
import { quietDrivers } from "./quiet_drivers.ts";
import { type Console, systemConsole } from "./terminal/console.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

const COMMANDS: readonly Command[] = [
  txt2img,
  img2img,
  inpaint,
  upscale,
  generate,
  classify,
  evaluate,
  shapes,
  convert,
  exportModel,
  info,
  conform,
];

/**
 * Does what a command line says.
 *
 * @param args What stands after the program's name.
 * @returns The exit code: 0 it is done, 1 it failed, 2 the command line was wrong, 130 it was interrupted.
 *
 * @example
 * ```ts
 * import { main } from "./main.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await main(["txt2img", "a red circle", "--seed", "seven"]), 2);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  const console = systemConsole();
  quietDrivers();
  try {
    return await dispatch(args, console);
  } catch (error) {
    console.status("");
    return report(error, { args, console });
  }
}

async function dispatch(args: readonly string[], console: Console): Promise<number> {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      console.note(mainHelp(COMMANDS));
      return EXIT.usage;
    case "--help":
    case "-h":
      console.print(mainHelp(COMMANDS));
      return EXIT.done;
    case "--version":
      console.print(`denoise ${VERSION}`);
      return EXIT.done;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((one) => one.name);
    throw new UsageError(
      `Cannot do ${JSON.stringify(name)}: the commands are ${names.join(", ")}${
        didYouMean(name, names)
      }`,
    );
  }
  if (asksForHelp(rest)) {
    console.print(commandHelp(command));
    return EXIT.done;
  }
  return await command.run(parseArguments(rest, command.options), console);
}

/** Help is for those whose command line is not right yet, so nothing else on it has to be. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  const help = COMMON_OPTIONS.find(({ name }) => name === "help")!;
  return options.some((arg) => spellings(help).includes(arg));
}

/** Says what went wrong in a line, or at length if asked to; returns the exit code. */
function report(
  error: unknown,
  { args, console }: { readonly args: readonly string[]; readonly console: Console },
): number {
  if (error instanceof InterruptedError) {
    console.note(`denoise: ${error.message}`);
    return EXIT.interrupted;
  }
  if (error instanceof UsageError) {
    const about = COMMANDS.some(({ name }) => name === args[0]) ? `${args[0]} ` : "";
    console.note(`denoise: ${error.message}\nTry: denoise ${about}--help`);
    return EXIT.usage;
  }
  if (args.includes("--debug") && error instanceof Error) {
    console.note(`denoise: ${Deno.inspect(error)}`);
  } else if (isExpected(error)) {
    console.note(`denoise: ${error.message}`);
  } else {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    console.note(`denoise: ${text} (--debug says where)`);
  }
  return EXIT.failed;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
