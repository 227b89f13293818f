/**
 * Whether a model's tensors have the elements that they say they have.
 *
 * @module
 */
import { display } from "../json.ts";
import { OnnxError } from "./onnx_error.ts";
import { ELEMENT_BYTES, ELEMENT_TYPES, type ElementType, type ExternalData } from "./onnx_model.ts";
import type { Message } from "./schema.ts";

/** `TensorProto.DataLocation.EXTERNAL` */
const EXTERNAL = 1;

/** A tensor whose elements stand in another file. */
export interface ExternalTensor extends ExternalData {
  /** Its name, for messages. */
  readonly name: string;
}

/** The element type of a number; `undefined` for those of later versions, such as 8-bit floats. */
export function elementType(number: number): ElementType | undefined {
  return TYPES.get(number);
}

const TYPES: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(ELEMENT_TYPES).map(([name, number]) => [number, name as ElementType]),
);

/**
 * Checks every tensor of a graph and of the graphs in it.
 *
 * @param where Which file, for messages.
 * @returns Those that stand in other files.
 * @throws {OnnxError} Naming a tensor whose data are shorter or longer than its sizes say.
 */
export function checkTensors(graph: Message<"GraphProto">, where: string): ExternalTensor[] {
  const external: ExternalTensor[] = [];
  for (const tensor of tensorsOf(graph)) {
    const outside = checkTensor(tensor, where);
    if (outside !== undefined) external.push(outside);
  }
  return external;
}

/** Constants of nodes are tensors, too. */
function* tensorsOf(graph: Message<"GraphProto">): Generator<Message<"TensorProto">> {
  yield* graph.initializer ?? [];
  for (const { values, indices } of graph.sparseInitializer ?? []) {
    if (values !== undefined) yield values;
    if (indices !== undefined) yield indices;
  }
  for (const { attribute = [] } of graph.node ?? []) {
    for (const { t, tensors = [], g, graphs = [] } of attribute) {
      if (t !== undefined) yield t;
      yield* tensors;
      if (g !== undefined) yield* tensorsOf(g);
      for (const inner of graphs) yield* tensorsOf(inner);
    }
  }
}

function checkTensor(tensor: Message<"TensorProto">, where: string): ExternalTensor | undefined {
  const { name = "", dims = [], dataType = 0, rawData, dataLocation } = tensor;
  const fail = (problem: string) =>
    new OnnxError(`Cannot use ${where}: its weight ${display(name)} ${problem}`);
  if (dims.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw fail(`has the sizes [${dims.join(", ")}]`);
  }
  const count = dims.reduce((product, size) => product * size, 1);
  const type = elementType(dataType);
  const bytes = type === undefined || type === "string" ? undefined : count * ELEMENT_BYTES[type];
  const sizes = `[${dims.join(", ")}]`;
  if (dataLocation === EXTERNAL) return externalOf(tensor, { name, bytes, sizes, fail });
  if (bytes === undefined) return undefined; // of a type whose elements have no whole bytes
  const held = rawData?.length;
  if (held === undefined) {
    const numbers = typedCount(tensor, type!);
    if (numbers !== count) throw fail(`of ${sizes} has ${numbers} numbers`);
  } else if (held !== bytes) {
    throw fail(`of ${sizes} ${type} has ${held} bytes, not ${bytes}`);
  }
  return undefined;
}

/** Where the data are; whether the file is there is for others to see. */
function externalOf(
  { externalData = [] }: Message<"TensorProto">,
  { name, bytes, sizes, fail }: {
    readonly name: string;
    readonly bytes: number | undefined;
    readonly sizes: string;
    readonly fail: (problem: string) => OnnxError;
  },
): ExternalTensor {
  const entries = new Map(externalData.map(({ key = "", value = "" }) => [key, value]));
  const location = entries.get("location");
  if (location === undefined) throw fail("stands in another file, and does not say in which");
  const whole = (key: string, otherwise: number | undefined) => {
    const text = entries.get(key);
    if (text === undefined) return otherwise;
    const number = Number(text);
    if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(number)) return number;
    throw fail(`has the ${key} ${display(text)} in ${display(location)}`);
  };
  const offset = whole("offset", 0)!;
  const length = whole("length", bytes);
  if (length === undefined) throw fail(`in ${display(location)} does not say its length`);
  if (bytes !== undefined && length !== bytes) {
    throw fail(`of ${sizes} has ${length} bytes in ${display(location)}, not ${bytes}`);
  }
  return { name, location, offset, length };
}

/** Numbers of a tensor that holds them as protocol buffers' own, packed lists of which only the bytes are known. */
function typedCount(tensor: Message<"TensorProto">, type: ElementType): number {
  const bytesOf = (lists: readonly Uint8Array[] = []) =>
    lists.reduce((sum, { length }) => sum + length, 0);
  /** A varint ends with its first byte below 128. */
  const varints = (lists: readonly Uint8Array[] = []) => {
    let ends = 0;
    for (const list of lists) for (const byte of list) if (byte < 128) ends++;
    return ends;
  };
  switch (type) {
    case "float32":
      return bytesOf(tensor.floatData) / 4;
    case "complex64":
      return bytesOf(tensor.floatData) / 8;
    case "float64":
      return bytesOf(tensor.doubleData) / 8;
    case "complex128":
      return bytesOf(tensor.doubleData) / 16;
    case "int64":
      return varints(tensor.int64Data);
    case "uint32":
    case "uint64":
      return varints(tensor.uint64Data);
    case "string":
      return tensor.stringData?.length ?? 0;
    default:
      return varints(tensor.int32Data);
  }
}
