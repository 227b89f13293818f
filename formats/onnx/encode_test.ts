import { assertEquals, assertThrows } from "@std/assert";
import { decodeModel } from "./decode.ts";
import { encodeModel } from "./encode.ts";
import { OnnxError } from "./onnx_error.ts";
import type { OnnxModel } from "./onnx_model.ts";

const NAMED: OnnxModel = {
  name: "g",
  producer: "p",
  irVersion: 8,
  opset: 17,
  nodes: [{
    opType: "Op",
    name: "n",
    inputs: ["x", ""],
    outputs: ["y"],
    attributes: {
      i: { kind: "int", value: -3 },
      f: { kind: "float", value: 0.5 },
      s: { kind: "string", value: "ä" },
      is: { kind: "ints", value: [0, -1, 2 ** 40] },
      fs: { kind: "floats", value: [1, 2] },
    },
  }],
  initializers: [
    { name: "w", type: "uint8", dims: [3], data: Uint8Array.of(7, 8, 9) },
    {
      name: "far",
      type: "float32",
      dims: [2, 1],
      data: { location: "f", offset: 4096, length: 8 },
    },
  ],
  inputs: [{ name: "x", type: "float32", dims: ["batch", 4] }],
  outputs: [{ name: "y", type: "float16", dims: [] }],
};

Deno.test("what is encoded is decoded as it was", () => {
  const attribute = { name: "", type: 0 };
  assertEquals(decodeModel(encodeModel(NAMED), "it"), {
    irVersion: 8,
    producerName: "p",
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "g",
      node: [{
        opType: "Op",
        name: "n",
        input: ["x", ""],
        output: ["y"],
        attribute: [
          { ...attribute, name: "i", type: 2, i: -3 },
          { ...attribute, name: "f", type: 1, f: 0.5 },
          { ...attribute, name: "s", type: 3, s: new TextEncoder().encode("ä") },
          { ...attribute, name: "is", type: 7, ints: [0, -1, 2 ** 40] },
          { ...attribute, name: "fs", type: 6, floats: [1, 2] },
        ],
      }],
      initializer: [
        { name: "w", dims: [3], dataType: 2, rawData: Uint8Array.of(7, 8, 9) },
        {
          name: "far",
          dims: [2, 1],
          dataType: 1,
          externalData: [
            { key: "location", value: "f" },
            { key: "offset", value: "4096" },
            { key: "length", value: "8" },
          ],
          dataLocation: 1,
        },
      ],
      input: [{
        name: "x",
        type: {
          tensorType: { elemType: 1, shape: { dim: [{ dimParam: "batch" }, { dimValue: 4 }] } },
        },
      }],
      output: [{ name: "y", type: { tensorType: { elemType: 10, shape: {} } } }],
    },
  });
});

Deno.test("the bytes are those that ONNX's own library writes", () => {
  // onnx.helper.make_model(…).SerializeToString() of Python's onnx 1.23.1.
  const identity = encodeModel({
    ...NAMED,
    nodes: [{ opType: "Identity", name: "n", inputs: ["x"], outputs: ["y"], attributes: {} }],
    initializers: [],
    inputs: [{ name: "x", type: "float32", dims: [2, "b"] }],
    outputs: [],
  });
  assertEquals(
    identity,
    Uint8Array.fromHex(
      "08081201703a2e0a130a01781201791a016e22084964656e746974791201675a140a0178120f0a0d080112090a" +
        "0208020a0312016242040a001011",
    ),
  );
});

Deno.test("a file of 2 GiB is refused before it is put together", () => {
  const data = new Uint8Array(2 ** 28);
  const initializers = Array.from(
    { length: 8 },
    (_, at) => ({ name: `w${at}`, type: "uint8", dims: [data.length], data } as const),
  );
  assertThrows(() => encodeModel({ ...NAMED, initializers }), OnnxError, "less than 2 GiB");
});

Deno.test("a name that is no text is refused, since it would become another", () => {
  const outputs = [{ name: "\ud800", type: "float32", dims: [] }] as const;
  assertThrows(() => encodeModel({ ...NAMED, outputs }), OnnxError, "well-formed");
});
