/**
 * Options of the commands that classify.
 *
 * @module
 */
import {
  type BenchmarkName,
  CLASSIFICATION_PRESETS,
  type ClassificationOptions,
  type Loss,
} from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { BACKEND_OPTION } from "../backend_argument.ts";
import type { Option } from "../command.ts";
import { given } from "../given.ts";
import { modelOptions } from "../model_argument.ts";
import { UsageError } from "../usage_error.ts";
import { parseCsv } from "./csv.ts";

const PRESETS = Object.keys(CLASSIFICATION_PRESETS) as BenchmarkName[];

/** What says which labels there are, and how they are compared. */
export const CLASSIFICATION_OPTIONS: readonly Option[] = [
  { name: "labels", short: "l", value: "A,B,…", help: "the names to choose from" },
  {
    name: "template",
    value: "TEXT",
    help: 'a label\'s prompt, {} is the label (default "a photo of a {}.")',
  },
  {
    name: "prompts",
    value: "FILE",
    help:
      "a table of prompts instead: columns prompt, classname, and classidx if several share one",
  },
  {
    name: "preset",
    value: "NAME",
    help: `template, stages and loss of the paper for ${PRESETS.join(", ")}`,
  },
  {
    name: "samples",
    value: "N,N,…",
    help: "timesteps compared by the end of each stage (default 10,50, or 50 with few labels)",
  },
  {
    name: "keep",
    value: "N,N,…",
    help: "prompts that each stage leaves, the last 1 (default 5,1)",
  },
  { name: "loss", value: "l2|l1|huber", help: "what is averaged of the error (default l2)" },
  { name: "trials", value: "N", help: "evaluations at each timestep (default 1)" },
  { name: "seed", short: "s", value: "N", help: "number the noise is drawn from" },
  { name: "size", value: "N", help: "side in pixels that pictures are brought to" },
  { name: "batch-size", value: "N", help: "evaluations in a batch, at most" },
  ...modelOptions("shapes"),
  BACKEND_OPTION,
  { name: "precision", value: "f32|f16", help: "how weights are kept (default f32)" },
];

/** Labels, and their prompts if a table has them. */
export interface LabelArguments {
  readonly labels?: readonly string[];
  readonly prompts?: readonly (readonly string[])[];
}

/** Settings of the comparison; they hold for every picture. */
export type ComparisonArguments = Pick<
  ClassificationOptions,
  | "template"
  | "preset"
  | "nSamples"
  | "toKeep"
  | "loss"
  | "trials"
  | "size"
  | "batchSize"
>;

/** Reads settings of the comparison. */
export function readComparison(args: Arguments): ComparisonArguments {
  const template = args.text("template");
  if (template !== undefined && args.text("prompts") !== undefined) {
    throw new UsageError("Cannot use --template together with --prompts: give one of them");
  }
  return given({
    template,
    preset: args.choice("preset", PRESETS),
    nSamples: wholeNumbers(args, "samples"),
    toKeep: wholeNumbers(args, "keep"),
    loss: args.choice<Loss>("loss", ["l2", "l1", "huber"]),
    trials: args.integer("trials", { min: 1, max: 1000 }),
    size: args.integer("size", { min: 1, max: 16384 }),
    batchSize: args.integer("batch-size", { min: 1, max: 1024 }),
  });
}

function wholeNumbers(args: Arguments, name: string): readonly number[] | undefined {
  const numbers = args.numbers(name);
  if (numbers?.every((number) => Number.isSafeInteger(number) && number > 0) !== false) {
    return numbers;
  }
  throw new UsageError(`Cannot use --${name} ${args.text(name)}: it must be whole numbers from 1`);
}

/**
 * Reads the labels, of `--labels` or of a table of prompts as the paper's authors use them.
 *
 * @throws {UsageError} If both are there, or the table cannot be used.
 */
export async function readLabels(args: Arguments): Promise<LabelArguments> {
  const labels = args.list("labels");
  const file = args.text("prompts");
  if (file === undefined) return given({ labels });
  if (labels !== undefined) {
    throw new UsageError("Cannot use --labels together with --prompts: the table has the labels");
  }
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    throw new UsageError(`Cannot use --prompts ${file || '""'}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return readPromptTable(text, file);
}

/** Reads a table with the columns prompt, classname and perhaps classidx: rows of one index, else of one name, are one label. */
export function readPromptTable(text: string, where: string): Required<LabelArguments> {
  const { columns, rows } = parseCsv(text, where);
  for (const name of ["prompt", "classname"]) {
    if (columns.includes(name)) continue;
    throw new UsageError(
      `Cannot use ${where}: it must have the columns prompt and classname; it has ${
        columns.join(", ")
      }`,
    );
  }
  const classes = new Map<string, { label: string; prompts: string[] }>();
  for (const { prompt = "", classname = "", classidx = classname } of rows) {
    const known = classes.get(classidx);
    if (known === undefined) classes.set(classidx, { label: classname, prompts: [prompt] });
    else known.prompts.push(prompt);
  }
  if (classes.size === 0) throw new UsageError(`Cannot use ${where}: it has no prompts`);
  const each = [...classes.values()];
  return { labels: each.map(({ label }) => label), prompts: each.map(({ prompts }) => prompts) };
}
