/**
 * `denoise convert`: a model of any kind to a diffusers folder in safetensors.
 *
 * @module
 */
import { isObject } from "../../formats/json.ts";
import { isCheckpointPath } from "../../formats/originals/open_original_file.ts";
import { originalOf } from "../../formats/originals/original_folder.ts";
import { PIPELINE_CLASSES } from "../../formats/pipeline_classes.ts";
import { readOptionalJson } from "../../formats/read_json.ts";
import { saveModelFolder } from "../../formats/save_model_folder.ts";
import { writeFolder } from "../../formats/write_file.ts";
import type { ModelFolder } from "../../mod.ts";
import { openModelSource, openSource } from "../../pipelines/model_source.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";
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
    { name: "config", value: "FILE", help: "the original configuration of a checkpoint, .yaml" },
    { name: "vae", value: "MODEL", help: "take the autoencoder from there" },
    {
      name: "tokenizer",
      value: "MODEL",
      help: "take the tokenizer from there: no checkpoint has one",
    },
    { name: "force", help: "replace the model that OUT holds" },
  ],
  notes: [
    "IN is a checkpoint (.ckpt, .safetensors, …), a model's folder or an embedded model's name.",
    "OUT appears when all of it is written; if anything fails, or at Ctrl-C, nothing is.",
  ],
  run: (args, console) => interruptible((signal) => run(args, { console, signal })),
};

/** What is asked for. */
interface Request {
  readonly source: string;
  readonly target: string;
  readonly dtype: "F32" | "F16";
  readonly config: string | undefined;
  readonly vae: string | undefined;
  readonly tokenizer: string | undefined;
  readonly force: boolean;
}

async function run(
  args: Arguments,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<number> {
  const request = readRequest(args);
  const { source, target, config, vae, tokenizer, force, dtype } = request;
  await checkTarget(target, {
    force,
    sources: [source, config, vae, tokenizer].filter((each) => each !== undefined),
  });
  const folder = await openSourceModel(request);
  const progress = showProgress(console, { label: "converting" });
  const { files, warnings } = await saveModelFolder(folder, {
    dtype,
    signal,
    onTensor: progress.update,
  });
  const told = [...originalNotes(folder), ...await leftOut(source)];
  for (const note of told) console.note(note);
  for (const warning of warnings) console.note(`Warning: ${warning}`);
  try {
    await writeFolder(target, files, { replace: force });
  } finally {
    progress.end();
  }
  console.print(target);
  return EXIT.done;
}

function readRequest(args: Arguments): Request {
  const [source, target, extra] = args.operands;
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use the argument ${JSON.stringify(extra)}: there are IN and OUT`,
    );
  }
  if (!source) throw new UsageError("Cannot convert: IN, the model, is missing");
  if (!target) throw new UsageError("Cannot convert: OUT, the folder to be written, is missing");
  const dtype = args.choice("dtype", ["f32", "f16"]) ?? "f32";
  return {
    source,
    target,
    dtype: dtype === "f16" ? "F16" : "F32",
    config: args.text("config"),
    vae: args.text("vae"),
    tokenizer: args.text("tokenizer"),
    force: args.flag("force"),
  };
}

/** The model with the parts that are taken from elsewhere. Pipelines differ in what they call the autoencoder. */
async function openSourceModel(
  { source, config, vae, tokenizer }: Request,
): Promise<ModelFolder> {
  const options = given({ config });
  const folder = await openModelSource(source, options);
  if (vae === undefined && tokenizer === undefined) return folder;
  const known = PIPELINE_CLASSES.get(folder.className)?.components ?? {};
  const autoencoder = Object.hasOwn(known, "vqvae") ? "vqvae" : "vae";
  const parts: Record<string, string> = {};
  if (vae !== undefined) parts[autoencoder] = vae;
  if (tokenizer !== undefined) parts.tokenizer = tokenizer;
  return await openModelSource(source, { ...options, parts });
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
async function leftOut(source: string): Promise<readonly string[]> {
  if (isCheckpointPath(source)) return [];
  const index = await readOptionalJson(openSource(source), "model_index.json");
  if (!isObject(index)) return [];
  const { _class_name: className } = index;
  const ignored = PIPELINE_CLASSES.get(String(className))?.ignored ?? [];
  return ignored.filter((name) => Array.isArray(index[name]) && index[name][0] !== null)
    .map((name) => `Left out: ${name}.`);
}
