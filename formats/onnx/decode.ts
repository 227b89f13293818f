/**
 * The messages of an .onnx file.
 *
 * @module
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { OnnxError } from "./onnx_error.ts";
import { type Field, type Message, type MessageName, MESSAGES, type ScalarType } from "./schema.ts";

/** Messages within messages: a graph in an attribute of a node in a graph is three. */
const DEEPEST = 64;
/** Messages, names and numbers. The largest networks have some hundred thousand, and bytes alone would allow a billion. */
const MOST_ITEMS = 2_000_000;

/**
 * Decodes a model. The elements of tensors are views of `bytes`: nothing large is copied.
 *
 * @param where What is decoded, for messages.
 * @throws {OnnxError} If the bytes are no protocol buffer, or one that was cut off.
 */
export function decodeModel(bytes: Uint8Array, where: string): Message<"ModelProto"> {
  const reader = new BinaryReader(bytes);
  const state = { reader, items: 0, depth: 0 };
  const whole = { name: "ModelProto", end: bytes.length, into: {} } as const;
  try {
    return readMessage(state, whole) as Message<"ModelProto">;
  } catch (error) {
    if (error instanceof OnnxError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxError(
      `Cannot read ${where}: it is no ONNX model, or was cut off: at byte ${
        Math.min(reader.pos, bytes.length)
      } of ${bytes.length}, ${reason}`,
      { cause: error },
    );
  }
}

/** What all messages of a file share, while they are read. */
interface State {
  readonly reader: BinaryReader;
  items: number;
  depth: number;
}

/** Values by name, in the making: {@linkcode Message} says which. */
type Values = Record<string, unknown>;

/** A message in the making: where it ends, and what is known of it. */
interface Frame {
  readonly name: MessageName;
  readonly end: number;
  readonly into: Values;
}

/** A field, as the wire knows it. */
interface WireField extends Field {
  readonly key: string;
  /** `undefined` for messages. */
  readonly scalar: ScalarType | undefined;
  readonly wireType: WireType;
}

const WIRE_TYPES: Readonly<Record<ScalarType, WireType>> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  float: WireType.Bit32,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};

/** Fields by number. */
const BY_NUMBER: ReadonlyMap<MessageName, ReadonlyMap<number, WireField>> = new Map(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [
    name,
    new Map(
      Object.entries<Field>(MESSAGES[name]).map(([key, field]) => {
        const scalar = field.type in WIRE_TYPES ? field.type as ScalarType : undefined;
        const wireType = scalar === undefined ? WireType.LengthDelimited : WIRE_TYPES[scalar];
        return [field.number, { ...field, key, scalar, wireType }];
      }),
    ),
  ]),
);

/** A message that stands in pieces is put together again, as protocol buffers want it. */
function readMessage(state: State, frame: Frame): Values {
  const { reader } = state;
  const { name, end, into } = frame;
  if (++state.depth > DEEPEST) throw new Error(`messages nest more than ${DEEPEST} deep`);
  const fields = BY_NUMBER.get(name)!;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (field === undefined) reader.skip(wireType, number);
    else readField(state, { frame, field, wireType });
    if (reader.pos > end) throw new Error(`a field of ${name} goes on behind its end`);
  }
  state.depth--;
  return into;
}

function readField(
  state: State,
  { frame, field, wireType }: {
    readonly frame: Frame;
    readonly field: WireField;
    readonly wireType: WireType;
  },
): void {
  const { reader } = state;
  const { key, scalar } = field;
  const isPacked = wireType === WireType.LengthDelimited && wireType !== field.wireType &&
    field.repeated;
  if (wireType !== field.wireType && !isPacked) {
    throw new Error(`${key} of ${frame.name} has wire type ${wireType}, not ${field.wireType}`);
  }
  if (scalar !== undefined && !isPacked) {
    return keep(state, { frame, field, value: readScalar(reader, scalar) });
  }
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > frame.end) throw new Error(`${key} of ${frame.name} goes on for ${length} bytes`);
  if (scalar !== undefined) {
    while (reader.pos < end) keep(state, { frame, field, value: readScalar(reader, scalar) });
    return;
  }
  const before = field.repeated ? undefined : frame.into[key] as Values | undefined;
  const name = field.type as MessageName;
  const value = readMessage(state, { name, end, into: before ?? {} });
  keep(state, { frame, field, value });
}

function keep(
  state: State,
  { frame: { into }, field: { key, repeated }, value }: {
    readonly frame: Frame;
    readonly field: WireField;
    readonly value: unknown;
  },
): void {
  if (++state.items > MOST_ITEMS) throw new Error(`it has more than ${MOST_ITEMS} parts`);
  if (!repeated) into[key] = value;
  else if (into[key] === undefined) into[key] = [value];
  else (into[key] as unknown[]).push(value);
}

function readScalar(reader: BinaryReader, type: ScalarType): number | string | Uint8Array {
  switch (type) {
    case "int32":
      return reader.int32();
    case "int64":
      return Number(reader.int64());
    case "float":
      return reader.float();
    case "string":
      return reader.string(true);
    case "bytes":
      return reader.bytes();
  }
}
