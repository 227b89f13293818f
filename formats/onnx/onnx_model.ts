/**
 * ONNX models as plain data: the part of the format that is written here and that signatures need.
 *
 * Field names follow onnx.proto3 of ONNX 1.12 (opset 17) in camel case; https://onnx.ai/onnx/repo-docs/IR.html says what they mean.
 *
 * @module
 */

/** Element types by their numbers in `TensorProto.DataType`. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
} as const satisfies Readonly<Record<string, number>>;

/** An element type that every reader of opset 17 knows. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Bytes of one element. A string has none that could be told beforehand. */
export const ELEMENT_BYTES: Readonly<Record<Exclude<ElementType, "string">, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
  complex64: 8,
  complex128: 16,
  bfloat16: 2,
};

/** A size: a number, or the name of a free axis. `""` is a size that is not known and has no name. */
export type OnnxDim = number | string;

/** An input or output of a graph. */
export interface OnnxValue {
  /** What nodes call it. */
  readonly name: string;
  /** Element type. */
  readonly type: ElementType;
  /** Sizes, outermost first. */
  readonly dims: readonly OnnxDim[];
}

/** Where a tensor's elements stand, when they are not in the model's own file. */
export interface ExternalData {
  /** A file, relative to the model's. */
  readonly location: string;
  /** First byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** A tensor of the model: its elements little-endian and row-major, or where they are. */
export interface OnnxTensor {
  /** What nodes call it. */
  readonly name: string;
  /** Element type. */
  readonly type: ElementType;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** The elements. */
  readonly data: Uint8Array | ExternalData;
}

/** A setting of a node. */
export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] };

/** An operation. */
export interface OnnxNode {
  /** `Conv`, `MatMul`, … of the default operator set. */
  readonly opType: string;
  /** Unique in the graph. */
  readonly name: string;
  /** Names of values; `""` stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  /** Names that no other node gives. */
  readonly outputs: readonly string[];
  /** Settings by name. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A model: one graph in one version of the default operator set. */
export interface OnnxModel {
  /** Name of the graph. */
  readonly name: string;
  /** What made the file. */
  readonly producer: string;
  /** Version of the file format: 8 goes with opset 17. */
  readonly irVersion: number;
  /** Version of the default operator set. */
  readonly opset: number;
  /** Operations in topological order. */
  readonly nodes: readonly OnnxNode[];
  /** Constants and weights. */
  readonly initializers: readonly OnnxTensor[];
  /** What the caller gives. */
  readonly inputs: readonly OnnxValue[];
  /** Results. */
  readonly outputs: readonly OnnxValue[];
}
