import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Graph } from "../../graph/graph.ts";
import * as op from "../../graph/ops/mod.ts";
import { f32, sizeOf } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { memoryFiles } from "../file_source.ts";
import { openSafetensors } from "../safetensors.ts";
import { writeSafetensors } from "../write_safetensors.ts";
import { decodeModel } from "./decode.ts";
import { OnnxError } from "./onnx_error.ts";
import { readOnnxSignature } from "./signature.ts";
import type { WeightSource } from "./weights.ts";
import { onnxBytes, onnxParts, writeOnnx } from "./write_onnx.ts";

/** Two layers: weights that are transposed and some that are not, one of more than a page. */
const GRAPH: Graph = trace(({ x }, w) => {
  const hidden = op.linear(x!, { weight: w.tensor("a", [33, 40]), bias: w.tensor("b", [33]) });
  return op.linear(hidden, { weight: w.tensor("c", [2, 33]) });
}, { x: f32(1, 40) });

const WEIGHTS: ReadonlyMap<string, Float32Array> = new Map(
  GRAPH.parameters.map(({ name, spec: { shape } }, at) => [
    name,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 10000 * at),
  ]),
);

/** Element [i, o] of what is stored for `[o, i]`. */
function transposed(name: string, [rows, columns]: readonly [number, number]): number[] {
  const matrix = WEIGHTS.get(name)!;
  return Array.from(
    { length: matrix.length },
    (_, at) => matrix[at % rows * columns + Math.floor(at / rows)]!,
  );
}

const floats = (bytes: Uint8Array) => [...new Float32Array(bytes.slice().buffer)];

Deno.test("weights stand in the model as its nodes take them", async () => {
  const { graph } = decodeModel(await onnxBytes(GRAPH, { weights: WEIGHTS }), "it");
  const stored = graph!.initializer!.map((
    { name, dims, rawData },
  ) => [name, dims, floats(rawData!)]);
  assertEquals(stored, [
    ["a.transposed", [40, 33], transposed("a", [33, 40])],
    ["b", [33], [...WEIGHTS.get("b")!]],
    ["c.transposed", [33, 2], transposed("c", [2, 33])],
  ]);
});

Deno.test("weights come from a safetensors file as from memory", async () => {
  const tensors = Object.fromEntries(GRAPH.parameters.map(({ name, spec: { shape } }) => [
    name,
    { dtype: "f32", shape, data: WEIGHTS.get(name)! } as const,
  ]));
  const files = memoryFiles(new Map([["a.safetensors", writeSafetensors(tensors)]]));
  const weights = await openSafetensors(files, "a.safetensors");
  assertEquals(await onnxBytes(GRAPH, { weights }), await onnxBytes(GRAPH, { weights: WEIGHTS }));
});

Deno.test("weights beside the model are written one by one, the model last", async () => {
  const log: string[] = [];
  const source: WeightSource = {
    description: "a test",
    tensors: new Map(GRAPH.parameters.map(({ name, spec }) => [name, spec])),
    read: (name) => {
      log.push(`read ${name}`);
      return Promise.resolve(WEIGHTS.get(name)!);
    },
  };
  const pieces = new Map<string, number[]>();
  const sizes = await writeOnnx(GRAPH, {
    weights: source,
    model: "net.onnx",
    file: "net.data",
    write: (file, bytes) => {
      log.push(`${file} ${bytes.length}`);
      pieces.set(file, [...pieces.get(file) ?? [], ...bytes]);
    },
  });
  const model = Uint8Array.from(pieces.get("net.onnx")!);
  assertEquals(log, [
    "read a",
    "net.data 5280",
    "read b",
    "net.data 132",
    "net.data 12", // to a multiple of 16
    "read c",
    "net.data 264",
    `net.onnx ${model.length}`,
  ]);
  assertEquals(sizes, new Map([["net.onnx", model.length], ["net.data", 5688]]));
  const { weights } = onnxParts(GRAPH, { weights: WEIGHTS });
  assertEquals(weights.map(({ name, offset, length }) => [name, offset, length]), [
    ["a.transposed", 0, 5280],
    ["b", 5280, 132],
    ["c.transposed", 5424, 264],
  ]);
  const data = Uint8Array.from(pieces.get("net.data")!);
  assertEquals(floats(data.slice(5424)), transposed("c", [2, 33]));
  // What was written is what a reader finds.
  const files = memoryFiles(new Map([["net.onnx", model], ["net.data", data]]));
  const { external } = await readOnnxSignature(files, "net.onnx");
  assertEquals(external, [{ location: "net.data", path: "net.data", size: 5688 }]);
});

Deno.test("large weights begin where a page begins", () => {
  const graph = trace(({ x }, w) => {
    const y = op.mul(x!, w.tensor("small", [3]));
    return op.mul(y, w.tensor("large", [2048, 3]));
  }, { x: f32(2048, 3) });
  const source = { tensors: new Map(graph.parameters.map(({ name, spec }) => [name, spec])) };
  const weights = { ...source, description: "none", read: () => Promise.reject(new Error("read")) };
  const parts = onnxParts(graph, { weights });
  assertEquals(parts.weights.map(({ offset }) => offset), [0, 4096]);
  assertEquals([parts.file, parts.size], ["model.onnx_data", 4096 + 24576]);
});

Deno.test("a model without weights has no file beside it", async () => {
  const files: string[] = [];
  const write = (file: string) => void files.push(file);
  await writeOnnx(trace(({ x }) => op.silu(x!), { x: f32(2) }), { write });
  assertEquals(files, ["model.onnx"]);
});

Deno.test("weights that are missing or of another shape are listed before any is read", async () => {
  const problem = "a (missing, not [33, 40]), b (7 numbers, not [33]), c (missing, not [2, 33])";
  const weights = new Map([["b", new Float32Array(7)]]);
  await assertRejects(() => onnxBytes(GRAPH, { weights }), OnnxError, problem);
  assertThrows(
    () =>
      onnxParts(GRAPH, {
        weights: {
          description: "unet",
          tensors: new Map([["a", { shape: [40, 33] }], ["c", { shape: [2, 33] }]]),
          read: () => Promise.reject(new Error("read too early")),
        },
      }),
    OnnxError,
    "Cannot write the weights of unet: a ([40, 33], not [33, 40]), b (missing, not [33])",
  );
  await assertRejects(() => onnxBytes(GRAPH), OnnxError, "a (missing");
});

Deno.test("a source that gives fewer numbers than it said is an error", async () => {
  const weights: WeightSource = {
    description: "a test",
    tensors: new Map(GRAPH.parameters.map(({ name, spec }) => [name, spec])),
    read: () => Promise.resolve(new Float32Array(5)),
  };
  await assertRejects(() => onnxBytes(GRAPH, { weights }), OnnxError, "5 numbers were read");
});
