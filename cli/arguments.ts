/**
 * Reads a command's arguments.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import type { Option } from "./command.ts";
import { didYouMean } from "./nearest.ts";
import { UsageError } from "./usage_error.ts";

/** Options that every command has. */
export const COMMON_OPTIONS: readonly Option[] = [
  { name: "debug", help: "say where in the program an error arose" },
  { name: "help", short: "h", help: "this text" },
];

/** A command's arguments. */
export class Arguments {
  /** What is no option. */
  readonly operands: readonly string[];
  readonly #values: ReadonlyMap<string, string | boolean>;

  /** Made by {@linkcode parseArguments}. */
  constructor(operands: readonly string[], values: ReadonlyMap<string, string | boolean>) {
    this.operands = operands;
    this.#values = values;
  }

  /** The value of an option, if it was given. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : undefined;
  }

  /** Whether an option without a value was given. */
  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /**
   * The values of an option that lists several, with commas between them.
   *
   * @throws {UsageError} If one of them is empty.
   */
  list(name: string): readonly string[] | undefined {
    const items = this.text(name)?.split(",").map((item) => item.trim());
    if (items?.includes("")) {
      throw new UsageError(
        `Cannot use --${name} ${
          JSON.stringify(this.text(name))
        }: it must be names with commas between them`,
      );
    }
    return items;
  }

  /**
   * The value of an option that is one of a few words.
   *
   * @throws {UsageError} If it is another.
   */
  choice<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new UsageError(
      `Cannot use --${name} ${value}: it must be ${choices.join(" or ")}${
        didYouMean(value, choices)
      }`,
    );
  }

  /**
   * The value of an option that is a whole number.
   *
   * @throws {UsageError} If it is none, is out of range, or has more digits than a double holds.
   */
  integer(
    name: string,
    { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
  ): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= min && number <= max) return number + 0; // -0 is 0
    throw new UsageError(
      `Cannot use --${name} ${value || '""'}: it must be a whole number from ${min} to ${max}`,
    );
  }

  /**
   * The value of an option that is a number.
   *
   * @throws {UsageError} If it is none, or not finite.
   */
  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (NUMBER.test(value) && Number.isFinite(Number(value))) return Number(value);
    throw new UsageError(`Cannot use --${name} ${value || '""'}: it must be a number`);
  }

  /** Numbers with commas between them. */
  numbers(name: string): readonly number[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parts = value.split(",").map((part) => part.trim());
    if (parts.every((part) => NUMBER.test(part) && Number.isFinite(Number(part)))) {
      return parts.map(Number);
    }
    throw new UsageError(
      `Cannot use --${name} ${value || '""'}: it must be numbers with commas between them`,
    );
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads arguments. Values may follow as the next argument, after `=`, or right after a letter; `--` ends the options.
 *
 * @throws {UsageError} If an option is not known, lacks its value, or has one that it does not take.
 */
export function parseArguments(args: readonly string[], options: readonly Option[]): Arguments {
  const all = [...options, ...COMMON_OPTIONS];
  const { flags, operands } = attachValues(args, all);
  const { _, ...parsed } = parseArgs([...flags, "--", ...operands], {
    string: all.filter(({ value }) => value !== undefined).map(({ name }) => name).concat("_"),
    boolean: all.filter(({ value }) => value === undefined).map(({ name }) => name),
  });
  const values = new Map(
    Object.entries(parsed).flatMap(([name, value]): [string, string | boolean][] =>
      typeof value === "string" || typeof value === "boolean" ? [[name, value]] : []
    ),
  );
  return new Arguments(_.map(String), values);
}

/**
 * Writes every option as `--name` or `--name=value`, apart from the operands. By itself `parseArgs` would read `-s -1` as
 * two options and `-p ""` as one without a value, and would not tell a value that is missing from one that is empty.
 */
function attachValues(
  args: readonly string[],
  options: readonly Option[],
): { flags: string[]; operands: string[] } {
  const flags: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      operands.push(arg);
      continue;
    }
    const { typed, option, value } = findOption(arg, options);
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`Cannot use ${arg}: ${typed} takes no value`);
      flags.push(`--${option.name}`);
      continue;
    }
    const next = value ?? args[++at];
    const isMissing = next === undefined || (value === undefined && isOption(next, options));
    if (isMissing) {
      throw new UsageError(`Cannot use ${typed}: its value ${option.value} is missing`);
    }
    flags.push(`--${option.name}=${next}`);
  }
  return { flags, operands };
}

/** `--name`, `--name=value`, `-n`, `-n=value`, `-nvalue`. */
function findOption(
  arg: string,
  options: readonly Option[],
): { typed: string; option: Option; value: string | undefined } {
  const long = /^--([^=]*)(?:=(.*))?$/s.exec(arg);
  const [typed, value] = long !== null
    ? [`--${long[1]}`, long[2]]
    : [arg.slice(0, 2), arg.length > 2 ? arg.slice(2).replace(/^=/, "") : undefined];
  const known = options.flatMap(spellings);
  const option = options.find((one) => spellings(one).includes(typed));
  // `-seed 7` is a slip of the dash, and no seed "eed".
  const isSlip = long === null && known.includes(`-${arg}`);
  if (option !== undefined && !isSlip) return { typed, option, value };
  const shown = long !== null ? typed : arg;
  throw new UsageError(
    `Cannot use ${shown}: there is no such option${
      didYouMean(long === null && arg.length > 2 ? `-${arg}` : shown, known)
    }`,
  );
}

function isOption(arg: string, options: readonly Option[]): boolean {
  return options.some((option) => spellings(option).includes(arg.replace(/=.*$/s, "")));
}

/** `-s`, `--seed`. */
export function spellings({ name, short, alias }: Option): string[] {
  return [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${name}`,
    ...(alias === undefined ? [] : [`--${alias}`]),
  ];
}
