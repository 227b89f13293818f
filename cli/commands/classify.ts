/**
 * `denoise classify`: which of some labels a picture shows.
 *
 * @module
 */
import type { ClassificationResult } from "../../mod.ts";
import { chooseSeed } from "../../pipelines/settings.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { readGivenPicture } from "../drawing/given_picture.ts";
import {
  CLASSIFICATION_OPTIONS,
  readComparison,
  readLabels,
} from "../evaluation/classification_arguments.ts";
import { openClassifier } from "../evaluation/open_classifier.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";
import type { Console } from "../terminal/console.ts";
import { plainText } from "../terminal/plain_text.ts";
import { showProgress } from "../terminal/progress.ts";
import { formatTable } from "../terminal/table.ts";
import { UsageError } from "../usage_error.ts";

/** Compares a picture with labels. */
export const classify: Command = {
  name: "classify",
  summary: "tell which of some labels a picture shows",
  operands: "IMAGE",
  options: [
    ...CLASSIFICATION_OPTIONS,
    {
      name: "temperature",
      value: "X",
      help: "errors are divided by it before the softmax (default 1)",
    },
    { name: "json", help: "one JSON object on stdout, with every error" },
  ],
  notes: [
    "Each label's prompt is given to the denoiser, which is to tell the noise that was added to the",
    "picture; the label with the lowest error wins (Diffusion Classifier, Li et al. 2023). A line of the",
    "result is a label, its score and its mean error.",
  ],
  run: (args, console) => interruptible((signal) => run(args, { console, signal })),
};

async function run(
  args: Arguments,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<number> {
  const start = performance.now();
  const [file, extra] = args.operands;
  if (file === undefined) throw new UsageError("Cannot classify: the picture's file is missing");
  if (extra !== undefined) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: there is one picture`);
  }
  const comparison = readComparison(args);
  const { labels, prompts } = await readLabels(args);
  if (labels === undefined) {
    throw new UsageError("Cannot classify: labels are missing; give --labels or --prompts");
  }
  const asked = args.integer("seed", { min: -1 });
  const temperature = args.number("temperature");
  const image = await readGivenPicture(file);
  const seed = chooseSeed(asked);
  if (asked === undefined || asked === -1) console.note(`The seed is ${seed}.`);
  await using opened = await openClassifier(args, { console, signal });
  const progress = showProgress(console, { label: "classifying" });
  let result: ClassificationResult;
  try {
    result = await opened.classify({
      ...comparison,
      image,
      labels,
      seed,
      signal,
      onWarning: (message) => console.note(`Warning: ${message}`),
      ...given({ prompts, temperature }),
      ...(console.isTerminal ? { onStep: ({ step, steps }) => progress.update(step, steps) } : {}),
    });
  } finally {
    progress.end();
  }
  const seconds = (performance.now() - start) / 1000;
  if (args.flag("json")) {
    const each = result.prompts.map((prompt) => ({ ...prompt, errors: [...prompt.errors] }));
    const where = { backend: opened.backend, seconds };
    console.print(JSON.stringify({ file, ...result, prompts: each, ...where }));
  } else for (const line of labelLines(result)) console.print(line);
  return EXIT.done;
}

function labelLines({ labels }: ClassificationResult): readonly string[] {
  return formatTable(
    labels.map(({ label, score, error }) => [
      plainText(label),
      score.toFixed(4),
      error.toPrecision(5),
    ]),
  );
}
