/**
 * `denoise evaluate`: how many of a data set's pictures are classified right.
 *
 * @module
 */
import { CLASSIFICATION_PRESETS } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import {
  CLASSIFICATION_OPTIONS,
  readComparison,
  readLabels,
} from "../evaluation/classification_arguments.ts";
import { type Dataset, openDataset } from "../evaluation/dataset.ts";
import { evaluatePictures, type PlacedItem } from "../evaluation/evaluate_pictures.ts";
import { evaluationReport, reportLines } from "../evaluation/evaluation_report.ts";
import { mergeResults } from "../evaluation/merge_results.ts";
import { openClassifier } from "../evaluation/open_classifier.ts";
import { type ResultRecord, ResultsFile, type ResultsHeader } from "../evaluation/results_file.ts";
import { InterruptedError, interruptible } from "../interrupt.ts";
import type { Console } from "../terminal/console.ts";
import { UsageError } from "../usage_error.ts";

/** Classifies a data set. */
export const evaluate: Command = {
  name: "evaluate",
  summary: "classify a folder's pictures and tell how many are right",
  operands: "DIR|TABLE",
  options: [
    ...CLASSIFICATION_OPTIONS,
    {
      name: "results",
      value: "FILE",
      help: "where results go, a line of JSON each (default results.jsonl)",
    },
    { name: "raw", help: "also write the error of every prompt at every timestep" },
    { name: "shard", value: "I/N", help: "only every N-th picture from the I-th on" },
    { name: "merge", help: "the operands are results: tell what they come to together" },
    { name: "json", help: "one JSON object on stdout instead of text" },
  ],
  notes: [
    "DIR has a folder for each class, named as its label. TABLE is a .csv with the columns image and label;",
    "a picture's own choice may stand in the column labels, with | between them, and in prompts.",
    "Each result is on the disk before the next picture begins: the same command goes on after whatever",
    "ended it. A picture that cannot be read is reported and left out.",
  ],
  run: (args, console) =>
    args.flag("merge")
      ? merge(args, console)
      : interruptible((signal) => run(args, { console, signal })),
};

interface Context {
  readonly console: Console;
  readonly signal: AbortSignal;
}

async function run(args: Arguments, context: Context): Promise<number> {
  const { console, signal } = context;
  const [where, extra] = args.operands;
  if (where === undefined) throw new UsageError("Cannot evaluate: the folder or table is missing");
  if (extra !== undefined) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: there is one data set`);
  }
  const comparison = readComparison(args);
  const seed = args.integer("seed", { min: 0 }) ?? 0;
  const shard = readShard(args.text("shard"));
  const path = args.text("results") ??
    (shard.count === 1 ? "results.jsonl" : `results-${shard.index}-of-${shard.count}.jsonl`);
  const given = await readLabels(args);
  const dataset = await openDataset(where);
  const labels = given.labels ?? dataset.labels;
  checkTruths(dataset, labels);
  const header: ResultsHeader = {
    settings: {
      model: args.text("model") ?? "shapes",
      vae: args.text("vae") ?? null,
      precision: args.text("precision") ?? "f32",
      data: where,
      labels,
      prompts: given.prompts ?? null,
      ...comparison,
      batchSize: undefined, // it changes no answer
      seed,
      raw: args.flag("raw"),
    },
    pictures: dataset.items.length,
    shard,
  };
  const items = dataset.items
    .map((item, index): PlacedItem => ({ ...item, index }))
    .filter(({ index }) => index % shard.count === shard.index - 1);
  using results = await ResultsFile.open(path, header);
  checkImages(results.records, { items, path });
  if (results.records.length > 0) {
    console.note(`Going on: ${results.records.length} of ${items.length} pictures are in ${path}.`);
  }
  let records = results.records;
  if (records.length < items.length) {
    await using classifier = await openClassifier(args, context);
    try {
      records = await evaluatePictures({
        classifier,
        items,
        results,
        unfinished: `${path}.unfinished`,
        settings: {
          ...comparison,
          labels,
          seed,
          ...(given.prompts === undefined ? {} : { prompts: given.prompts }),
        },
        raw: args.flag("raw"),
        console,
        signal,
      });
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw new InterruptedError(`interrupted; results are in ${path}, the same command goes on`);
    }
  }
  return report(records, { args, console, results: [path] });
}

/** Every `count`-th picture, from the `index`-th on. */
function readShard(text: string | undefined): ResultsHeader["shard"] {
  if (text === undefined) return { index: 1, count: 1 };
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && index >= 1 && index <= count) return { index, count };
  throw new UsageError(`Cannot use --shard ${text}: it must be I/N, I from 1 to N`);
}

/** A picture whose class is no label can only be wrong: that is a slip. */
function checkTruths({ items }: Dataset, labels: readonly string[]): void {
  const known = new Set(labels);
  const missing = new Set(
    items.flatMap(({ truth, labels }) => labels === undefined && !known.has(truth) ? [truth] : []),
  );
  if (missing.size === 0) return;
  const some = [...missing].slice(0, 5).join(", ");
  throw new UsageError(
    `Cannot evaluate: ${missing.size} of the pictures' classes are no labels: ${some}${
      missing.size > 5 ? ", …" : ""
    }`,
  );
}

/** Results go by places: pictures that came or went since would be taken for others. */
function checkImages(
  records: readonly ResultRecord[],
  { items, path }: { readonly items: readonly PlacedItem[]; readonly path: string },
): void {
  const names = new Map(items.map(({ index, image }) => [index, image]));
  const other = records.find(({ index, image }) => names.get(index) !== image);
  if (other === undefined) return;
  throw new UsageError(
    `Cannot go on with the results ${path}: they tell of ${other.image}, where there is ${
      names.get(other.index) ?? "no picture"
    } now`,
  );
}

async function merge(args: Arguments, console: Console): Promise<number> {
  if (args.operands.length === 0) {
    throw new UsageError("Cannot merge: files of results are missing");
  }
  const { records, pictures } = await mergeResults(args.operands);
  if (records.length < pictures) {
    console.note(`${pictures - records.length} of ${pictures} pictures have no result yet.`);
  }
  return report(records, { args, console, results: args.operands });
}

function report(
  records: readonly ResultRecord[],
  { args, console, results }: {
    readonly args: Arguments;
    readonly console: Console;
    readonly results: readonly string[];
  },
): number {
  const found = evaluationReport(records);
  if (args.flag("json")) console.print(JSON.stringify({ results, ...found }));
  else for (const line of reportLines(found)) console.print(line);
  const preset = args.choice("preset", Object.keys(CLASSIFICATION_PRESETS));
  if (preset !== undefined && !args.flag("json")) {
    const { name, metric } = CLASSIFICATION_PRESETS[preset as keyof typeof CLASSIFICATION_PRESETS];
    console.note(`The paper's number for ${name} is the ${metric}.`);
  }
  return found.count > 0 ? EXIT.done : EXIT.failed;
}
