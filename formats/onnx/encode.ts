/**
 * Models as the bytes of an .onnx file.
 *
 * @module
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OnnxError } from "./onnx_error.ts";
import {
  ELEMENT_TYPES,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./onnx_model.ts";
import { type Field, type Message, type MessageName, MESSAGES } from "./schema.ts";

/** Protocol buffers cannot be longer: their readers count in signed 32-bit integers. */
const LONGEST = 2 ** 31 - 1;

/** `AttributeProto.AttributeType` */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;
/** `TensorProto.DataLocation.EXTERNAL` */
const EXTERNAL = 1;

/**
 * The bytes of a model's file.
 *
 * The elements of tensors are copied once, to their place in the result.
 *
 * @throws {OnnxError} If the file would be 2 GiB or longer, which the format cannot be, or a name is no text.
 */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  // Lengths stand before what they count, so the parts of the graph are made first.
  const { name, nodes, inputs, outputs } = model;
  const graph = [encodeMessage("GraphProto", { node: nodes.map(nodeMessage), name })];
  for (const tensor of model.initializers) {
    const inner = tensorParts(tensor);
    graph.push(frame(MESSAGES.GraphProto.initializer, lengthOf(inner)), ...inner);
  }
  graph.push(
    encodeMessage("GraphProto", {
      input: inputs.map(valueMessage),
      output: outputs.map(valueMessage),
    }),
  );
  const { irVersion, producer } = model;
  const inside = lengthOf(graph);
  if (inside + 1024 > LONGEST) {
    throw new OnnxError(
      `Cannot write ${name} as one ONNX file: it would have ${inside} bytes, and protocol buffers have less than 2 GiB; ` +
        "write the weights to a file of their own",
    );
  }
  return join([
    encodeMessage("ModelProto", { irVersion, producerName: producer }),
    frame(MESSAGES.ModelProto.graph, inside),
    ...graph,
    encodeMessage("ModelProto", { opsetImport: [{ domain: "", version: model.opset }] }),
  ]);
}

/** A tensor's message, its elements as a part of their own. */
function tensorParts({ name, type, dims, data }: OnnxTensor): Uint8Array[] {
  const message = { name, dims, dataType: ELEMENT_TYPES[type] };
  if (data instanceof Uint8Array) {
    return [
      encodeMessage("TensorProto", message),
      frame(MESSAGES.TensorProto.rawData, data.length),
      data,
    ];
  }
  const { location, offset, length } = data;
  return [encodeMessage("TensorProto", {
    ...message,
    externalData: [
      { key: "location", value: location },
      { key: "offset", value: String(offset) },
      { key: "length", value: String(length) },
    ],
    dataLocation: EXTERNAL,
  })];
}

function nodeMessage({ opType, name, inputs, outputs, attributes }: OnnxNode) {
  return {
    opType,
    name,
    input: inputs,
    output: outputs,
    attribute: Object.entries(attributes).map(([name, value]) => attributeMessage(name, value)),
  };
}

function attributeMessage(name: string, { kind, value }: OnnxAttribute): Message<"AttributeProto"> {
  const message = { name, type: ATTRIBUTE_TYPES[kind] };
  switch (kind) {
    case "int":
      return { ...message, i: value };
    case "float":
      return { ...message, f: value };
    case "string":
      return { ...message, s: new TextEncoder().encode(value) };
    case "ints":
      return { ...message, ints: value };
    case "floats":
      return { ...message, floats: value };
  }
}

function valueMessage({ name, type, dims }: OnnxValue): Message<"ValueInfoProto"> {
  const dim = dims.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } };
}

/** The tag and length that stand before a field's bytes. */
function frame({ number }: Field, length: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}

function encodeMessage<M extends MessageName>(name: M, message: Message<M>): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, { name, message });
  return writer.finish();
}

/** Walks the table; absent fields are not written. */
function writeMessage(
  writer: BinaryWriter,
  { name, message }: {
    readonly name: MessageName;
    readonly message: Readonly<Record<string, unknown>>;
  },
): void {
  for (const [key, field] of Object.entries<Field>(MESSAGES[name])) {
    const value = message[key];
    if (value === undefined) continue;
    // Lists of numbers are not packed: onnx.proto has proto2's syntax, in which they are not by default.
    for (const each of field.repeated ? value as readonly unknown[] : [value]) {
      writeField(writer, { field, value: each });
    }
  }
}

function writeField(
  writer: BinaryWriter,
  { field: { number, type }, value }: { readonly field: Field; readonly value: unknown },
): void {
  // The types of the values follow from the table: Message<M> has checked them where they were made.
  switch (type) {
    case "int32":
      writer.tag(number, WireType.Varint).int32(value as number);
      return;
    case "int64":
      writer.tag(number, WireType.Varint).int64(value as number);
      return;
    case "float":
      writer.tag(number, WireType.Bit32).float(value as number);
      return;
    case "string":
      writer.tag(number, WireType.LengthDelimited).string(wellFormed(value as string));
      return;
    case "bytes":
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
      return;
    default:
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMessage(writer, { name: type, message: value as Readonly<Record<string, unknown>> });
      writer.join();
  }
}

/** Half a surrogate pair would become U+FFFD, and two names one. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new OnnxError(
    `Cannot write the name ${JSON.stringify(text)}: it is not well-formed Unicode`,
  );
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
