/**
 * Writes traced graphs as ONNX models.
 *
 * @module
 */
import type { Graph } from "../../graph/graph.ts";
import { sizeOf } from "../../graph/tensor_spec.ts";
import { encodeModel } from "./encode.ts";
import { lower, type LowerOptions } from "./lower.ts";
import type { OnnxTensor } from "./onnx_model.ts";
import { checkWeights, type OnnxWeights, readWeight, storedShape } from "./weights.ts";

/** What is written besides the graph. */
export interface OnnxOptions extends LowerOptions {
  /** The weights, by their names in the checkpoint. */
  readonly weights?: OnnxWeights;
}

/**
 * A graph as an ONNX model in one piece: the bytes of a file, with the weights in it.
 *
 * Inputs keep their names. An output called like an input gets another name: see {@linkcode onnxOutputNames}.
 *
 * @throws {OnnxError} If weights are missing or of another shape, the traces are not of one network, an op cannot be written with
 * free axes, or the file would have 2 GiB or more.
 *
 * @example A layer that takes any number of rows
 * ```ts
 * import { f32, linear, trace } from "@denoise/denoise";
 * import { onnxBytes } from "./write_onnx.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = (rows: number) =>
 *   trace(({ x }, w) => linear(x, { weight: w.tensor("weight", [2, 3]) }), { x: f32(rows, 3) });
 * const weights = new Map([["weight", Float32Array.of(1, 2, 3, 4, 5, 6)]]);
 * const bytes = await onnxBytes(layer(2), { another: layer(5), weights });
 * assertEquals(new TextDecoder().decode(bytes).includes("batch"), true);
 * ```
 */
export async function onnxBytes(
  graph: Graph,
  options: OnnxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { weights: source = new Map<string, Float32Array>() } = options;
  const lowered = lower(graph, options);
  checkWeights(lowered.weights, source);
  const weights: OnnxTensor[] = [];
  for (const use of lowered.weights) {
    const data = await readWeight(use, source);
    weights.push({ name: use.name, type: "float32", dims: storedShape(use), data });
  }
  return encodeModel({ ...lowered, initializers: [...lowered.initializers, ...weights] });
}

/** A weight that stands in a file beside the model's. */
export interface ExternalWeight {
  /** Its name in the model. */
  readonly name: string;
  /** Its name in the checkpoint. */
  readonly weight: string;
  /** Its first byte in the file. */
  readonly offset: number;
  /** Its number of bytes. */
  readonly length: number;
  /** Reads it from the checkpoint, as it is to be stored. */
  read(): Promise<Uint8Array>;
}

/** A model, and the weights for a file beside it. */
export interface OnnxParts {
  /** The bytes of the model's file. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** What the model calls the file of the weights. */
  readonly file: string;
  /** Bytes of that file; between two weights it may have zeros. */
  readonly size: number;
  /** The weights in their order in the file. */
  readonly weights: readonly ExternalWeight[];
}

/** Settings of {@linkcode onnxParts}. */
export interface OnnxPartsOptions extends OnnxOptions {
  /** Name of the file with the weights; `model.onnx_data` unless said otherwise. */
  readonly file?: string;
}

/** ONNX asks for offsets at which a file can be mapped into memory; for less than that it would be waste. */
const PAGE = 4096;
const SMALL = 16;

/**
 * A graph as an ONNX model whose weights stand in another file. No weight is read yet, so a network of any size takes no more
 * memory than its nodes.
 *
 * @throws {OnnxError} As {@linkcode onnxBytes}.
 */
export function onnxParts(graph: Graph, options: OnnxPartsOptions = {}): OnnxParts {
  const { weights: source = new Map<string, Float32Array>(), file = "model.onnx_data" } = options;
  const lowered = lower(graph, options);
  checkWeights(lowered.weights, source);
  let end = 0;
  const weights: ExternalWeight[] = [];
  const tensors: OnnxTensor[] = [];
  for (const use of lowered.weights) {
    const length = sizeOf(use.shape) * Float32Array.BYTES_PER_ELEMENT;
    const step = length < PAGE ? SMALL : PAGE;
    const offset = Math.ceil(end / step) * step;
    end = offset + length;
    const { name, weight } = use;
    weights.push({ name, weight, offset, length, read: () => readWeight(use, source) });
    const data = { location: file, offset, length };
    tensors.push({ name, type: "float32", dims: storedShape(use), data });
  }
  const model = encodeModel({ ...lowered, initializers: [...lowered.initializers, ...tensors] });
  return { model, file, size: end, weights };
}

/** Takes the next bytes of a file. They are not to be kept or changed. */
export type WritePiece = (file: string, bytes: Uint8Array) => Promise<void> | void;

/** Settings of {@linkcode writeOnnx}. */
export interface WriteOnnxOptions extends OnnxPartsOptions {
  /** Where the bytes go. */
  readonly write: WritePiece;
  /** Name of the model's file; `model.onnx` unless said otherwise. */
  readonly model?: string;
}

/**
 * Writes a graph as an ONNX model and a file with its weights, weight by weight: no more than one is in memory at a time.
 *
 * The model's file comes last, in one piece, so whoever finds it finds all weights.
 *
 * @returns Bytes by file.
 * @throws {OnnxError} As {@linkcode onnxBytes}. What `write` throws is passed on.
 *
 * @example To memory
 * ```ts
 * import { f32, linear, trace } from "@denoise/denoise";
 * import { writeOnnx } from "./write_onnx.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const graph = trace(({ x }, w) => linear(x, { weight: w.tensor("weight", [2, 3]) }), { x: f32(1, 3) });
 * const files: string[] = [];
 * await writeOnnx(graph, {
 *   weights: new Map([["weight", new Float32Array(6)]]),
 *   write: (file, bytes) => void files.push(`${file}: ${bytes.length > 24 ? "more" : bytes.length}`),
 * });
 * assertEquals(files, ["model.onnx_data: 24", "model.onnx: more"]);
 * ```
 */
export async function writeOnnx(
  graph: Graph,
  options: WriteOnnxOptions,
): Promise<ReadonlyMap<string, number>> {
  const { write, model: modelFile = "model.onnx" } = options;
  const { model, file, size, weights } = onnxParts(graph, options);
  let at = 0;
  for (const { offset, length, read } of weights) {
    if (offset > at) await write(file, new Uint8Array(offset - at));
    await write(file, await read());
    at = offset + length;
  }
  await write(modelFile, model);
  return new Map([[modelFile, model.length], ...weights.length > 0 ? [[file, size] as const] : []]);
}
