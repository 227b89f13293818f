/**
 * What a part of a model is.
 *
 * @module
 */
import type { OnnxPart } from "../../formats/onnx/onnx_folder.ts";
import type { OnnxSignature, SignatureValue } from "../../formats/onnx/signature.ts";
import { type ModelComponent, ModelError } from "../../mod.ts";
import { bytesText, summarizeWeights, type WeightsSummary } from "./weights.ts";

/** A component, with its weights or why there are none. */
export interface ComponentReport extends Partial<WeightsSummary> {
  readonly name: string;
  readonly class: string;
  readonly kind: ModelComponent["kind"];
  readonly problem?: string;
  /** The files of its methods, if they are ONNX. */
  readonly onnx?: readonly OnnxReport[];
}

/** An ONNX file. */
export interface OnnxReport {
  /** `forward`, `encode`, `decode`. */
  readonly method: string;
  readonly opset: number;
  readonly irVersion: number;
  /** Of the file and of those with its weights. */
  readonly bytes: number;
  readonly inputs: readonly SignatureValue[];
  readonly outputs: readonly SignatureValue[];
}

/**
 * Reads the headers of a component's weights. A folder of configurations alone is of use too, so that weights are missing is
 * told and no failure.
 *
 * @throws {SafetensorsError} If a header is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function describeComponent(component: ModelComponent): Promise<ComponentReport> {
  const { name, kind, className, onnx } = component;
  const report = { name, class: className, kind };
  if (kind !== "network") return report;
  if (onnx !== undefined) {
    const files = await Promise.all([...onnx].map(([method, part]) => describePart(method, part)));
    return { ...report, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), onnx: files };
  }
  try {
    return { ...report, ...summarizeWeights(await component.openWeights()) };
  } catch (error) {
    if (error instanceof ModelError) return { ...report, problem: error.message };
    throw error;
  }
}

async function describePart(method: string, part: OnnxPart): Promise<OnnxReport> {
  const { files, path, signature } = part;
  return { method, ...onnxReport(signature, await files.size(path)) };
}

/** What an ONNX file takes and gives, and how large it is with its weights. */
export function onnxReport(
  { opset, irVersion, inputs, outputs, external }: OnnxSignature,
  size: number,
): Omit<OnnxReport, "method"> {
  const bytes = external.reduce((sum, file) => sum + file.size, size);
  return { opset, irVersion, bytes, inputs, outputs };
}

/** Lines about an ONNX file. */
export function onnxLines(
  name: string,
  { opset, bytes, inputs, outputs }: Omit<OnnxReport, "method">,
): readonly string[] {
  return [
    `${name}: opset ${opset}, ${bytesText(bytes)}`,
    ...inputs.map((value) => `  takes ${valueText(value)}`),
    ...outputs.map((value) => `  gives ${valueText(value)}`),
  ];
}

/** `sample float32 [batch, 4, height, width]`. */
function valueText({ name, type, dims }: SignatureValue): string {
  const shape = dims === null ? "of any shape" : `[${dims.map((dim) => dim || "?").join(", ")}]`;
  return `${name} ${type} ${shape}`;
}
