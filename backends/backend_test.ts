import { assertEquals, assertThrows } from "@std/assert";
import * as op from "../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32 } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import { memoryWeights } from "../tests/memory_weights.ts";
import { checkInputs, checkWeights, InputError, type RunInput, WeightsError } from "./backend.ts";

/** A graph with parameters of these shapes. */
const needing = (shapes: Readonly<Record<string, readonly number[]>>) =>
  trace(
    (_, weights) =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [name, weights.tensor(name, shape)]),
      ),
    {},
  );

const zeros = (...shape: number[]): HostTensor =>
  hostTensor(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));

Deno.test("weights fit with equal shapes, or but for trailing ones", () => {
  const source = memoryWeights({ a: zeros(4, 3, 1, 1), b: zeros(4, 3), c: zeros(2) });
  checkWeights(needing({ a: [4, 3, 1, 1], b: [4, 3] }), source);
  checkWeights(needing({ a: [4, 3], b: [4, 3, 1, 1], c: [2, 1] }), source);
  for (const shape of [[3, 4], [4], [4, 3, 1, 2], [12], [1, 4, 3]]) {
    assertThrows(() => checkWeights(needing({ b: shape }), source), WeightsError);
  }
});

Deno.test("one error lists all that is missing and all of another shape", () => {
  const error = assertThrows(
    () =>
      checkWeights(
        needing({ a: [2], b: [3], "c.weight": [4], d: [5] }),
        memoryWeights({ b: zeros(3, 2), d: zeros(1), unused: zeros(1) }),
      ),
    WeightsError,
    "Cannot use the weights of memory: missing: a, c.weight; of another shape: b [3, 2], not [3], " +
      "d [1], not [5]",
  );
  assertEquals(error.missing, ["a", "c.weight"]);
  assertEquals(error.misshapen, ["b [3, 2], not [3]", "d [1], not [5]"]);
});

Deno.test("a long list is cut in the message, not in the error", () => {
  const names = Array.from({ length: 13 }, (_, at) => `w${at}`);
  const error = assertThrows(
    () =>
      checkWeights(needing(Object.fromEntries(names.map((name) => [name, [1]]))), memoryWeights()),
    WeightsError,
    "w8, w9 and 3 more",
  );
  assertEquals(error.missing, names);
  assertEquals(error.message.includes("w10"), false);
});

Deno.test("inputs are those of the graph, of its types and shapes, and whole", () => {
  const graph = trace(({ x, ids }) => ({ x, y: op.embedding(ids, { table: x }) }), {
    x: f32(3, 2),
    ids: i32(1),
  });
  const x = zeros(3, 2);
  const ids: HostTensor = { dtype: "i32", shape: [1], data: Int32Array.of(2) };
  checkInputs(graph, { x, ids });
  const value = (spec: { shape: number[]; dtype: "f32" | "i32" }): RunInput => ({
    spec,
    read: () => Promise.reject(),
    [Symbol.dispose]() {},
  });
  checkInputs(graph, { x: value({ shape: [3, 2], dtype: "f32" }), ids });
  const short: HostTensor = { dtype: "f32", shape: [3, 2], data: new Float32Array(5) };
  const faults: readonly (readonly [Record<string, RunInput>, string])[] = [
    [{ x }, "Cannot run the graph: input ids is missing"],
    [{ x, ids, z: x }, "Cannot run the graph: it has no input z; it has x, ids"],
    [{ x: zeros(2, 3), ids }, "Cannot run the graph: input x is f32[2, 3], not f32[3, 2]"],
    [{ x, ids: zeros(1) }, "Cannot run the graph: input ids is f32[1], not i32[1]"],
    [{ x: value({ shape: [6], dtype: "f32" }), ids }, "input x is f32[6], not f32[3, 2]"],
    [{ x: short, ids }, "x: it has 5 elements, but f32[3, 2] has 6"],
  ];
  for (const [inputs, message] of faults) {
    assertThrows(() => checkInputs(graph, inputs), InputError, message);
  }
});
