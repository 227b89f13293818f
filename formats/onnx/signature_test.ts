import { assertEquals, assertRejects } from "@std/assert";
import { folderFiles } from "../files.ts";
import { FileError, memoryFiles } from "../file_source.ts";
import { OnnxError } from "./onnx_error.ts";
import { readOnnxSignature } from "./signature.ts";

const HERE = new URL("../../tests/goldens/onnx/bad/", import.meta.url);

/** Folders with one fault, and what the message says of it. */
const FAULTS: Readonly<Record<string, string>> = {
  external_absolute: 'stands in "/etc/passwd": Cannot read "/etc/passwd"',
  external_backslash: "it has a backslash",
  external_directory: "unet/weights",
  external_missing: 'stands in "model.onnx_data": Cannot read unet/model.onnx_data',
  external_offset_beyond: "64 bytes at offset 1099511627776, and the file has 64 bytes",
  external_offset_negative: 'has the offset "-64"',
  external_parent: '"../outside.bin"',
  external_roundabout: '"weights/../../outside.bin"',
  external_truncated: "64 bytes at offset 0, and the file has 40 bytes",
  external_url: "it is a URL",
  file_empty: "it is empty",
  file_garbage: "it is no ONNX model, or was cut off: at byte 1 of 4096",
  file_html: "it is a web page",
  file_lfs_pointer: "it is a Git LFS pointer",
  file_missing: "no such file",
  file_tail_lost: "graph of ModelProto goes on for 654 bytes",
  file_truncated: "graph of ModelProto goes on for 654 bytes",
  graph_cyclic: 'the graph is cyclic: its node "slope" (Mul) waits for itself',
  graph_dangling: 'its node "add" (Add) needs "nowhere", which nothing makes',
  graph_unknown_op: '(Teleport) is of the operator set "com.example.made_up"',
  ir_version_99: "its IR version is 99; supported are 3 to 13",
  opset_99: "its opset is 99; supported are 7 to 26",
  tensor_huge: "has 64 bytes, not 70368744177664",
  tensor_short: "has 60 bytes, not 64",
};

for (const [folder, message] of Object.entries(FAULTS)) {
  Deno.test(`a file with a fault is refused: ${folder}`, async () => {
    const files = folderFiles(new URL(folder, HERE));
    const error = await assertRejects(
      () => readOnnxSignature(files, "unet/model.onnx"),
      OnnxError,
      message,
    );
    assertEquals(error.message.includes("unet/model.onnx"), true);
  });
}

Deno.test("a file says what it takes and gives, and which files it needs", async () => {
  const files = folderFiles(new URL("ok_external", HERE));
  const { description, ...signature } = await readOnnxSignature(files, "unet/model.onnx");
  assertEquals(description.endsWith("/unet/model.onnx"), true);
  const image = ["batch_size", 4, "height", "width"];
  assertEquals(signature, {
    irVersion: 8,
    opset: 17,
    inputs: [
      { name: "sample", type: "float32", dims: image },
      { name: "timestep", type: "int64", dims: [1] },
      {
        name: "encoder_hidden_states",
        type: "float32",
        dims: ["batch_size", "sequence_length", 4],
      },
    ],
    outputs: [{ name: "out_sample", type: "float32", dims: image }],
    external: [{ location: "model.onnx_data", path: "unet/model.onnx_data", size: 64 }],
  });
});

Deno.test("a file that ends early is refused wherever it ends", async () => {
  const whole = await folderFiles(HERE).read("ok/unet/model.onnx");
  for (let end = 0; end < whole.length; end++) {
    const files = memoryFiles(new Map([["a.onnx", whole.subarray(0, end)]]));
    await assertRejects(() => readOnnxSignature(files, "a.onnx"), OnnxError);
  }
  const files = memoryFiles(new Map([["a.onnx", whole]]));
  assertEquals((await readOnnxSignature(files, "a.onnx")).opset, 17);
});

Deno.test("a byte that is wrong is no crash", async () => {
  const whole = await folderFiles(HERE).read("ok_external/unet/model.onnx");
  const data = new Uint8Array(64);
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const bytes = whole.slice();
      bytes[at]! ^= flip;
      const files = memoryFiles(new Map([["a.onnx", bytes], ["model.onnx_data", data]]));
      try {
        await readOnnxSignature(files, "a.onnx");
      } catch (error) {
        if (!(error instanceof OnnxError)) throw error;
        refused++;
      }
    }
  }
  assertEquals(refused > 500, true); // letters of names may change unseen
});

Deno.test("a file that may not be read is the fault of no model", async () => {
  const files = {
    ...memoryFiles(new Map()),
    size: () => Promise.reject(new FileError("Cannot read it: denied", { kind: "denied" })),
  };
  await assertRejects(() => readOnnxSignature(files, "a.onnx"), FileError, "denied");
});
