/**
 * How much memory a model needs.
 *
 * @module
 */
import { type Model, ModelError, ShapeError } from "../../mod.ts";
import { workingMemory } from "../../pipelines/working_memory.ts";
import type { ComponentReport } from "./component.ts";
import { bytesText } from "./weights.ts";

/** Bytes that a model needs. */
export interface MemoryReport {
  /** Of all weights, as they are kept with `--precision f32` and `f16`; null for ONNX files, which have their own. */
  readonly weights: { readonly f32: number; readonly f16: number } | null;
  /** Of all weights in their files. */
  readonly stored: number;
  /** Of intermediate results at the model's own size; null where that is not known. */
  readonly working: number | null;
  /** Why a network cannot be built. */
  readonly problem?: string;
}

/** Tells what a model needs; reads no weights, and computes nothing. */
export function describeMemory(
  model: Model,
  components: readonly ComponentReport[],
): MemoryReport {
  const sum = (key: "parameters" | "bytes") =>
    components.reduce((total, component) => total + (component[key] ?? 0), 0);
  const isOnnx = components.some(({ onnx }) => onnx !== undefined);
  const parameters = sum("parameters");
  const report = {
    weights: isOnnx ? null : { f32: 4 * parameters, f16: 2 * parameters },
    stored: sum("bytes"),
  };
  try {
    return { ...report, working: workingMemory(model) };
  } catch (error) {
    const isKnown = error instanceof ModelError || error instanceof ShapeError;
    if (isKnown) return { ...report, working: null, problem: error.message };
    throw error;
  }
}

/** The same in lines. */
export function memoryLines({ weights, stored, working, problem }: MemoryReport): string[] {
  const kept = weights === null
    ? "weights as they are stored"
    : `${bytesText(weights.f32)} of weights in f32, ${bytesText(weights.f16)} in f16`;
  const beside = working === null
    ? ""
    : `; about ${bytesText(working)} of intermediate results at its own size`;
  return [
    `Stored: ${bytesText(stored)} of weights`,
    `Memory: ${kept}${beside}`,
    ...(problem === undefined ? [] : [problem]),
  ];
}
