/**
 * The messages of onnx.proto3: numbers and types of the fields that are read or written here.
 *
 * A table in place of generated code: protobuf's wire format is the library's, and what it takes to walk a message is its table.
 * Fields that are not listed are skipped, as the format wants it.
 *
 * @module
 */

/** How a field is stored. `string`s and `bytes` are length-delimited, the numbers varints or fixed. */
export type ScalarType = "int32" | "int64" | "float" | "string" | "bytes";

/** A field of a message. */
export interface Field {
  /** Its number in onnx.proto3. */
  readonly number: number;
  /** A scalar, or the name of a message. */
  readonly type: ScalarType | MessageName;
  /** Whether it may stand several times. */
  readonly repeated?: boolean;
}

/** Names of the messages. */
export type MessageName =
  | "ModelProto"
  | "OperatorSetIdProto"
  | "FunctionProto"
  | "GraphProto"
  | "NodeProto"
  | "AttributeProto"
  | "SparseTensorProto"
  | "TensorProto"
  | "StringStringEntryProto"
  | "ValueInfoProto"
  | "TypeProto"
  | "TypeProto.Tensor"
  | "TensorShapeProto"
  | "TensorShapeProto.Dimension";

const many = true as const;

/** Every message's fields by name. */
export const MESSAGES = {
  ModelProto: {
    irVersion: { number: 1, type: "int64" },
    producerName: { number: 2, type: "string" },
    graph: { number: 7, type: "GraphProto" },
    opsetImport: { number: 8, type: "OperatorSetIdProto", repeated: many },
    functions: { number: 25, type: "FunctionProto", repeated: many },
  },
  OperatorSetIdProto: {
    domain: { number: 1, type: "string" },
    version: { number: 2, type: "int64" },
  },
  FunctionProto: {
    name: { number: 1, type: "string" },
    domain: { number: 10, type: "string" },
  },
  GraphProto: {
    node: { number: 1, type: "NodeProto", repeated: many },
    name: { number: 2, type: "string" },
    initializer: { number: 5, type: "TensorProto", repeated: many },
    input: { number: 11, type: "ValueInfoProto", repeated: many },
    output: { number: 12, type: "ValueInfoProto", repeated: many },
    sparseInitializer: { number: 15, type: "SparseTensorProto", repeated: many },
  },
  NodeProto: {
    input: { number: 1, type: "string", repeated: many },
    output: { number: 2, type: "string", repeated: many },
    name: { number: 3, type: "string" },
    opType: { number: 4, type: "string" },
    attribute: { number: 5, type: "AttributeProto", repeated: many },
    domain: { number: 7, type: "string" },
  },
  AttributeProto: {
    name: { number: 1, type: "string" },
    f: { number: 2, type: "float" },
    i: { number: 3, type: "int64" },
    s: { number: 4, type: "bytes" },
    t: { number: 5, type: "TensorProto" },
    g: { number: 6, type: "GraphProto" },
    floats: { number: 7, type: "float", repeated: many },
    ints: { number: 8, type: "int64", repeated: many },
    tensors: { number: 10, type: "TensorProto", repeated: many },
    graphs: { number: 11, type: "GraphProto", repeated: many },
    type: { number: 20, type: "int32" },
  },
  SparseTensorProto: {
    values: { number: 1, type: "TensorProto" },
    indices: { number: 2, type: "TensorProto" },
  },
  TensorProto: {
    dims: { number: 1, type: "int64", repeated: many },
    dataType: { number: 2, type: "int32" },
    // Packed lists, of which only the length matters here.
    floatData: { number: 4, type: "bytes", repeated: many },
    int32Data: { number: 5, type: "bytes", repeated: many },
    stringData: { number: 6, type: "bytes", repeated: many },
    int64Data: { number: 7, type: "bytes", repeated: many },
    name: { number: 8, type: "string" },
    rawData: { number: 9, type: "bytes" },
    doubleData: { number: 10, type: "bytes", repeated: many },
    uint64Data: { number: 11, type: "bytes", repeated: many },
    externalData: { number: 13, type: "StringStringEntryProto", repeated: many },
    dataLocation: { number: 14, type: "int32" },
  },
  StringStringEntryProto: {
    key: { number: 1, type: "string" },
    value: { number: 2, type: "string" },
  },
  ValueInfoProto: {
    name: { number: 1, type: "string" },
    type: { number: 2, type: "TypeProto" },
  },
  TypeProto: {
    tensorType: { number: 1, type: "TypeProto.Tensor" },
  },
  "TypeProto.Tensor": {
    elemType: { number: 1, type: "int32" },
    shape: { number: 2, type: "TensorShapeProto" },
  },
  TensorShapeProto: {
    dim: { number: 1, type: "TensorShapeProto.Dimension", repeated: many },
  },
  "TensorShapeProto.Dimension": {
    dimValue: { number: 1, type: "int64" },
    dimParam: { number: 2, type: "string" },
  },
} as const satisfies Readonly<Record<MessageName, Readonly<Record<string, Field>>>>;

type Fields<M extends MessageName> = (typeof MESSAGES)[M];
type ElementOf<F> = F extends { readonly type: infer T } ? T extends MessageName ? Message<T>
  : T extends "string" ? string
  : T extends "bytes" ? Uint8Array
  : number
  : never;

/** A message's values: absent fields are absent, repeated ones are lists. */
export type Message<M extends MessageName> = {
  readonly [Name in keyof Fields<M>]?: Fields<M>[Name] extends { readonly repeated: true }
    ? readonly ElementOf<Fields<M>[Name]>[]
    : ElementOf<Fields<M>[Name]>;
};
