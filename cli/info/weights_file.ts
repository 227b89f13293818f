/**
 * What a file of weights holds.
 *
 * @module
 */
import { locateFile } from "../../formats/files.ts";
import { readOnnxSignature } from "../../formats/onnx/signature.ts";
import { openCheckpointWeights } from "../../formats/originals/open_original_file.ts";
import { TorchCheckpointError } from "../../formats/torch/torch_checkpoint_error.ts";
import { ModelError } from "../../mod.ts";
import { onnxLines, onnxReport } from "./component.ts";
import { describeModel } from "./model.ts";
import { openCheckpoint, type OpenedCheckpoint } from "./open_checkpoint.ts";
import type { Report } from "./report.ts";
import { bytesText, summarizeWeights } from "./weights.ts";

/**
 * Tells about a checkpoint in one file: which model it is, or if it is none that is known, what tensors it has and why it is
 * none. Reads its header, and of its tensors at most a noise schedule and a scale.
 *
 * @throws {ModelError} If it is damaged.
 * @throws {SafetensorsError} If it is damaged.
 * @throws {FileError} If it cannot be read.
 */
export async function describeCheckpoint(where: string): Promise<Report> {
  let checkpoint: OpenedCheckpoint;
  try {
    checkpoint = await openCheckpoint(where);
  } catch (error) {
    if (!(error instanceof ModelError) || error instanceof TorchCheckpointError) throw error;
    return await describeWeights(where, error.message);
  }
  return await describeModel(where, checkpoint);
}

async function describeWeights(where: string, problem: string): Promise<Report> {
  const { files, path } = locateFile(where);
  const weights = await openCheckpointWeights(files, path);
  const { tensors, metadata = new Map<string, string>(), extra = new Map() } = weights;
  const summary = summarizeWeights(weights);
  const keys = [...metadata.keys(), ...extra.keys()];
  return {
    json: {
      file: where,
      problem,
      tensors: tensors.size,
      ...summary,
      metadata: Object.fromEntries(metadata),
      values: [...extra.keys()],
    },
    lines: [
      `${where}: ${tensors.size} tensors, ${
        summary.parameters.toLocaleString("en")
      } parameters, stored as ${summary.stored || "nothing"}, ${bytesText(summary.bytes)}`,
      ...(keys.length === 0 ? [] : [`Beside them: ${keys.join(", ")}`]),
      problem,
    ],
  };
}

/**
 * Tells what an ONNX file takes and gives.
 *
 * @throws {OnnxError} If it is damaged, or of a version that is not supported.
 * @throws {FileError} If it cannot be read.
 */
export async function describeOnnxFile(where: string): Promise<Report> {
  const { files, path } = locateFile(where);
  const report = onnxReport(await readOnnxSignature(files, path), await files.size(path));
  return {
    json: { file: where, ...report },
    lines: onnxLines(where, report),
  };
}
