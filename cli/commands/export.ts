/**
 * `denoise export`: a model as ONNX files.
 *
 * @module
 */
import { writeFolder } from "../../formats/write_file.ts";
import { openModelSource } from "../../pipelines/model_source.ts";
import { onnxFiles } from "../../pipelines/onnx/export_model.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { checkTarget } from "../output_folder.ts";
import type { Console } from "../terminal/console.ts";
import { UsageError } from "../usage_error.ts";

/** Writes a model's networks as ONNX files. */
export const exportModel: Command = {
  name: "export",
  summary: "write a text-to-image model as ONNX files",
  operands: "MODEL FOLDER",
  options: [{ name: "force", help: "replace what is in FOLDER" }],
  notes: [
    "The folder is laid out as Hugging Face Optimum does: text_encoder, unet, vae_decoder, vae_encoder,",
    "each with model.onnx, whose batch, sides and tokens are free; large weights in model.onnx_data.",
    "It is written whole or not at all, and runs here with -m FOLDER.",
  ],
  run,
};

async function run(args: Arguments, console: Console): Promise<number> {
  const [source, folder, extra] = args.operands;
  if (source === undefined || folder === undefined) {
    throw new UsageError("Cannot export: a model and a folder are needed");
  }
  if (extra !== undefined) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: there are two`);
  }
  const force = args.flag("force");
  await checkTarget(folder, { sources: [source], force });
  const model = await openModelSource(source);
  await writeFolder(folder, onnxFiles(model), { replace: force });
  console.print(folder);
  return EXIT.done;
}
