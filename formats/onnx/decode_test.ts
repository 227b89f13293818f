import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { OnnxError } from "./onnx_error.ts";

/** A field of bytes around other bytes. */
function wrap(number: number, inner: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(inner).finish();
}

function fails(bytes: Uint8Array, reason: string): void {
  const error = assertThrows(() => decodeModel(bytes, "a.onnx"), OnnxError, reason);
  assertEquals(error.message.startsWith("Cannot read a.onnx: it is no ONNX model, or was"), true);
}

Deno.test("the elements of a tensor are not copied", () => {
  const bytes = encodeModel({
    name: "g",
    producer: "",
    irVersion: 8,
    opset: 17,
    nodes: [],
    initializers: [{ name: "w", type: "uint8", dims: [3], data: Uint8Array.of(7, 8, 9) }],
    inputs: [],
    outputs: [],
  });
  const { rawData } = decodeModel(bytes, "a.onnx").graph!.initializer![0]!;
  assertEquals([...rawData!], [7, 8, 9]);
  assertStrictEquals(rawData!.buffer, bytes.buffer);
});

Deno.test("lists of numbers may be packed, and a message may come in pieces", () => {
  const packed = wrap(5, wrap(1, Uint8Array.of(2, 0xac, 0x02))); // initializer.dims
  const model = decodeModel(
    Uint8Array.of(...wrap(7, packed), ...wrap(7, wrap(2, new TextEncoder().encode("g")))),
    "a.onnx",
  );
  assertEquals(model.graph, { initializer: [{ dims: [2, 300] }], name: "g" });
});

Deno.test("fields that are not known are skipped", () => {
  const writer = new BinaryWriter().tag(99, WireType.Bit64).sfixed64(1).tag(1, WireType.Varint);
  assertEquals(decodeModel(writer.int64(8).finish(), "a.onnx"), { irVersion: 8 });
});

Deno.test("what is no protocol buffer, or not this one, says where it ends", () => {
  fails(Uint8Array.of(0x3a, 100, 1), "graph of ModelProto goes on for 100 bytes");
  fails(Uint8Array.of(0x08), "at byte 1 of 1");
  fails(Uint8Array.of(0x0f), "illegal tag");
  fails(Uint8Array.of(0x38, 1), "graph of ModelProto has wire type 0, not 2");
  fails(wrap(7, Uint8Array.of(0x12, 2, 0xff, 0xfe)), "not valid"); // a name that is not UTF-8
  // A tensor's length that fits the file, but not the graph it stands in.
  fails(
    Uint8Array.of(...wrap(7, Uint8Array.of(0x2a, 4)), 0, 0, 0, 0),
    "initializer of GraphProto goes on for 4 bytes",
  );
});

Deno.test("graphs that nest without end are refused", () => {
  let bytes: Uint8Array = new Uint8Array(0);
  // A graph in an attribute of a node in a graph …
  for (let depth = 0; depth < 40; depth++) bytes = wrap(1, wrap(5, wrap(6, bytes)));
  fails(wrap(7, bytes), "nest more than 64 deep");
});

Deno.test("millions of empty nodes are refused before they fill the memory", () => {
  const nodes = new Uint8Array(4_500_000);
  for (let at = 0; at < nodes.length; at += 2) nodes[at] = 0x0a; // node, 0 bytes
  fails(wrap(7, nodes), "more than 2000000 parts");
});
