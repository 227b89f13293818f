/**
 * `denoise info`: what a picture was made with, what a model is made of, what works here.
 *
 * @module
 */
import { isCheckpointPath } from "../../formats/originals/open_original_file.ts";
import { EMBEDDED_MODELS, FileError } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { describeInstallation } from "../info/installation.ts";
import { describeModel } from "../info/model.ts";
import { describePicture } from "../info/picture.ts";
import type { Report } from "../info/report.ts";
import { describeCheckpoint, describeOnnxFile } from "../info/weights_file.ts";
import { didYouMean } from "../nearest.ts";
import type { Console } from "../terminal/console.ts";
import { plainText } from "../terminal/plain_text.ts";
import { UsageError } from "../usage_error.ts";

/** Tells about a picture, a model or the installation. */
export const info: Command = {
  name: "info",
  summary: "tell how a picture was made, what a model is made of, or what works here",
  operands: "[FILE|MODEL]",
  options: [{ name: "json", help: "one JSON object on stdout instead of text" }],
  notes: [
    "FILE is a PNG; MODEL an embedded model's name, a folder of diffusers or of ONNX files, a checkpoint",
    "in one file, or any file of weights. Of weights only headers are read.",
  ],
  run,
};

async function run(args: Arguments, console: Console): Promise<number> {
  const [subject, extra] = args.operands;
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use the argument ${JSON.stringify(extra)}: info tells about one thing`,
    );
  }
  const { json, lines } = await describe(subject);
  if (args.flag("json")) console.print(JSON.stringify(json));
  else for (const line of lines) console.print(plainText(line));
  return EXIT.done;
}

async function describe(subject: string | undefined): Promise<Report> {
  if (subject === undefined) return await describeInstallation();
  if (Object.hasOwn(EMBEDDED_MODELS, subject)) return await describeModel(subject);
  const isRemote = /^https?:/i.test(subject);
  const path = isRemote ? new URL(subject).pathname : subject;
  if (isCheckpointPath(path)) return await describeCheckpoint(subject);
  if (/\.onnx$/i.test(path)) return await describeOnnxFile(subject);
  const isModel = isRemote ? !/\.png$/i.test(path) : await isFolder(subject);
  return await (isModel ? describeModel : describePicture)(subject);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return false; // whoever reads it will say why it cannot
    const names = Object.keys(EMBEDDED_MODELS);
    throw new FileError(
      `Cannot tell about ${path}: there is no such file or folder; embedded models are ${
        names.join(", ")
      }${didYouMean(path, names)}`,
      { kind: "missing" },
    );
  }
}
