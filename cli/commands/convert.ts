/**
 * `denoise convert`: a model of any kind to a diffusers folder in safetensors.
 *
 * @module
 */
import type { WeightDType } from "../../formats/convert_weights.ts";
import { isObject } from "../../formats/json.ts";
import { isCheckpointPath } from "../../formats/originals/open_original_file.ts";
import { originalOf } from "../../formats/originals/original_folder.ts";
import { PIPELINE_CLASSES } from "../../formats/pipeline_classes.ts";
import { readOptionalJson } from "../../formats/read_json.ts";
import { saveModelFolder } from "../../formats/save_model_folder.ts";
import { writeFolder } from "../../formats/write_file.ts";
import type { ModelFolder, ModelSource } from "../../mod.ts";
import { openModelSource, openSource } from "../../pipelines/model_source.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";
import { openModelArgument, PART_OPTIONS } from "../model_argument.ts";
import { checkTarget } from "../output_folder.ts";
import type { Console } from "../terminal/console.ts";
import { showProgress } from "../terminal/progress.ts";
import { UsageError } from "../usage_error.ts";

/** Converts a model. */
export const convert: Command = {
  name: "convert",
  summary: "write a model of any kind as a diffusers folder in safetensors",
  operands: "IN OUT",
  options: [
    { name: "dtype", value: "f32|f16", help: "how weights are stored (default f32)" },
    ...PART_OPTIONS,
    { name: "force", help: "replace the model that OUT holds" },
  ],
  notes: [
    "IN is a checkpoint file, a model's folder, an embedded model's name or hf:OWNER/NAME. A checkpoint has",
    "no tokenizer: without --tokenizer its folder has to be given one.",
    "OUT appears when all of it is written; if anything fails, or at Ctrl-C, nothing is.",
  ],
  run: (args, console) => interruptible((signal) => run(args, { console, signal })),
};

async function run(
  args: Arguments,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<number> {
  const { input, output, dtype, force } = readRequest(args);
  const sources = [input, ...["config", "vae", "tokenizer"].map((name) => args.text(name))]
    .filter((each) => each !== undefined);
  await checkTarget(output, { force, sources });
  const { source, options } = await openModelArgument(args, { console, signal, fallback: input });
  const folder = await openModelSource(source, options);
  const progress = showProgress(console, { label: "converting" });
  const { files, warnings } = await saveModelFolder(folder, {
    dtype,
    signal,
    onTensor: progress.update,
    ...given({ variant: options.variant }),
  });
  for (const note of originalNotes(folder)) console.note(note);
  for (const name of await leftOut(source)) console.note(`Left out: ${name}.`);
  for (const warning of warnings) console.note(`Warning: ${warning}`);
  try {
    await writeFolder(output, files, { replace: force });
  } finally {
    progress.end();
  }
  console.print(output);
  return EXIT.done;
}

function readRequest(args: Arguments): {
  readonly input: string;
  readonly output: string;
  readonly dtype: WeightDType;
  readonly force: boolean;
} {
  const [input, output, extra] = args.operands;
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use the argument ${JSON.stringify(extra)}: there are IN and OUT`,
    );
  }
  if (!input) throw new UsageError("Cannot convert: IN, the model, is missing");
  if (!output) throw new UsageError("Cannot convert: OUT, the folder to be written, is missing");
  const dtype = args.choice("dtype", ["f32", "f16"]) === "f16" ? "F16" : "F32";
  return { input, output, dtype, force: args.flag("force") };
}

/** What a checkpoint was taken for. */
function originalNotes(folder: ModelFolder): readonly string[] {
  const original = originalOf(folder);
  if (original === undefined) return [];
  const { kind, assumed, unused } = original;
  const some = unused.slice(0, 5).join(", ") + (unused.length > 5 ? ", …" : "");
  return [
    `It is ${kind}: ${folder.className}.`,
    ...assumed.map((each) => `Assumed: ${each}.`),
    ...(unused.length === 0 ? [] : [`${unused.length} tensors are not used: ${some}`]),
  ];
}

/** Parts of a folder that are not written, because no picture depends on them. */
async function leftOut(source: ModelSource): Promise<readonly string[]> {
  if (isCheckpointPath(String(source))) return [];
  const index = await readOptionalJson(await openSource(source), "model_index.json");
  if (!isObject(index)) return [];
  const ignored = PIPELINE_CLASSES.get(String(index._class_name))?.ignored ?? [];
  return ignored.filter((name) => {
    const entry = index[name];
    return Array.isArray(entry) && entry[0] !== null;
  });
}
