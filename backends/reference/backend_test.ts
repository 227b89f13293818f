import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Graph } from "../../graph/graph.ts";
import {
  add,
  binary,
  clamp,
  gather,
  linear,
  mul,
  quantile,
  reduce,
  reshape,
  silu,
  softmax,
} from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32 } from "../../graph/tensor_spec.ts";
import { type Tensor, trace } from "../../graph/trace.ts";
import {
  type Backend,
  DisposedError,
  InputError,
  type Parameters,
  type ParameterSource,
  type Value,
  WeightsError,
} from "../backend.ts";
import { referenceBackend } from "./backend.ts";

/** Weights in memory, and the names that were read, in order. */
function weightsOf(
  tensors: Readonly<Record<string, HostTensor>>,
): ParameterSource & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    description: "test",
    tensors: new Map(
      Object.entries(tensors).map(([name, { shape }]) => [name, { shape, stored: "F32" }]),
    ),
    read: (name) => {
      reads.push(name);
      return Promise.resolve(Float32Array.from(tensors[name]!.data));
    },
    reads,
  };
}

const none = (backend: Backend): Promise<Parameters> => backend.load(weightsOf({}));

async function numbers(value: Value | undefined): Promise<number[]> {
  return Array.from((await value!.read()).data);
}

async function runOnce(
  build: (inputs: Record<string, Tensor>) => Tensor,
  inputs: Record<string, HostTensor>,
): Promise<number[]> {
  const backend = referenceBackend();
  using program = await backend.compile(trace(build, inputs), await none(backend));
  return await numbers(program.run(inputs).output);
}

/** The same graph, which counts how often nodes of an op are run. */
function counting(
  graph: Graph,
  op: string,
): { readonly graph: Graph; readonly count: () => number } {
  let count = 0;
  const nodes = graph.nodes.map((node) => {
    if (node.op !== op) return node;
    return Object.defineProperty({ ...node }, "attributes", {
      get: () => (count++, node.attributes),
    });
  });
  return { graph: { ...graph, nodes }, count: () => count };
}

Deno.test("a run leaves its inputs alone, and its results are the caller's own", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x }) => ({ same: x, flat: reshape(x, [4]), again: x }), { x: f32(2, 2) });
  using program = await backend.compile(graph, await none(backend));
  const given = hostTensor([2, 2], [1, 2, 3, 4]);
  const { same, flat, again } = program.run({ x: given });
  given.data[0] = 9;
  for (const value of [same, flat, again]) assertEquals(await numbers(value), [1, 2, 3, 4]);
  (await same!.read()).data[1] = 9;
  assertEquals(await numbers(same), [1, 2, 3, 4]);
  using uploaded = backend.upload(given);
  given.data[2] = 9;
  assertEquals(await numbers(uploaded), [9, 2, 3, 4]);
});

Deno.test("into writes over a value, which may be an input of the same run", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x }) => ({ next: add(x, 1), before: reshape(x, [2]) }), { x: f32(2) });
  using program = await backend.compile(graph, await none(backend));
  using x = backend.upload(hostTensor([2], [1, 2]));
  const { next, before } = program.run({ x }, { next: x });
  assert(next === x);
  assertEquals(await numbers(x), [2, 3]);
  assertEquals(await numbers(before), [1, 2]);
});

Deno.test("a faulty into is refused before anything is written", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x }) => ({ a: add(x, 1), b: add(x, 2) }), { x: f32(2) });
  using program = await backend.compile(graph, await none(backend));
  using x = backend.upload(hostTensor([2], [1, 2]));
  using wide = backend.upload(hostTensor([3], [0, 0, 0]));
  assertThrows(() => program.run({ x }, { a: x, b: wide }), InputError, "f32[3]");
  assertThrows(() => program.run({ x }, { a: x, c: x }), InputError, "no such output");
  assertEquals(await numbers(x), [1, 2]);
});

Deno.test("inputs are checked by name and spec", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x, y }) => add(x, y), { x: f32(2), y: f32(2) });
  using program = await backend.compile(graph, await none(backend));
  const x = hostTensor([2], [1, 2]);
  assertThrows(() => program.run({ x }), InputError, "y is missing");
  assertThrows(() => program.run({ x, y: hostTensor([1], [1]) }), InputError, "f32[1], not f32[2]");
  assertThrows(() => program.run({ x, y: x, z: x }), InputError, "no input z");
});

Deno.test("weights are read once, when the first program asks for them", async () => {
  const backend = referenceBackend();
  const source = weightsOf({
    "a.weight": hostTensor([2, 2], [1, 0, 0, 1]),
    "b.weight": hostTensor([2, 2], [2, 0, 0, 2]),
    unused: hostTensor([1], [1]),
  });
  using parameters = await backend.load(source);
  assertEquals(source.reads, []);
  const graph = (name: string) =>
    trace(({ x }, weights) => linear(x, { weight: weights.at(name).tensor("weight", [2, 2]) }), {
      x: f32(1, 2),
    });
  using first = await backend.compile(graph("a"), parameters);
  using _again = await backend.compile(graph("a"), parameters);
  assertEquals(source.reads, ["a.weight"]);
  using second = await backend.compile(graph("b"), parameters);
  assertEquals(source.reads, ["a.weight", "b.weight"]);
  const x = hostTensor([1, 2], [3, 4]);
  assertEquals(await numbers(first.run({ x }).output), [3, 4]);
  assertEquals(await numbers(second.run({ x }).output), [6, 8]);
});

Deno.test("a weight that could not be read is asked for again", async () => {
  const backend = referenceBackend();
  const source = weightsOf({ w: hostTensor([1], [5]) });
  let fails = true;
  using parameters = await backend.load({
    ...source,
    read: (name) => fails ? Promise.reject(new Error("disk")) : source.read(name),
  });
  const graph = trace(({ x }, weights) => mul(x, weights.tensor("w", [1])), { x: f32(1) });
  await assertRejects(() => backend.compile(graph, parameters), Error, "disk");
  fails = false;
  using program = await backend.compile(graph, parameters);
  assertEquals(await numbers(program.run({ x: hostTensor([1], [2]) }).output), [10]);
});

Deno.test("missing and misshapen weights are one error", async () => {
  const backend = referenceBackend();
  using parameters = await backend.load(weightsOf({ a: hostTensor([3], [1, 2, 3]) }));
  const graph = trace(
    ({ x }, weights) => add(add(x, weights.tensor("a", [2])), weights.tensor("b", [2])),
    { x: f32(2) },
  );
  const error = await assertRejects(() => backend.compile(graph, parameters), WeightsError);
  assertEquals(error.missing, ["b"]);
  assertEquals(error.misshapen.length, 1);
});

Deno.test("half precision rounds weights to halves and computes in float32", async () => {
  const backend = referenceBackend();
  const source = weightsOf({ w: hostTensor([2], [1 + 2 ** -12, 0.1]) });
  using parameters = await backend.load(source, { precision: "f16" });
  const graph = trace(
    ({ x }, weights) => ({ y: mul(x, weights.tensor("w", [2])), w: weights.tensor("w", [2]) }),
    { x: f32(2) },
  );
  using program = await backend.compile(graph, parameters);
  const third = Math.fround(1 / 3);
  const { y, w } = program.run({ x: hostTensor([2], [third, 1]) });
  assertEquals(await numbers(y), [third, Math.f16round(0.1)]);
  assertEquals((await w!.read()).dtype, "f32");
});

Deno.test("what depends on constant inputs alone is computed once for the same elements", async () => {
  const backend = referenceBackend();
  const traced = trace(
    ({ x, context }) => add(x, reduce(softmax(context, { axis: 0 }), { f: "sum" })),
    { x: f32(1), context: f32(3) },
  );
  const { graph, count } = counting(traced, "softmax");
  using program = await backend.compile(graph, await none(backend), { constant: ["context"] });
  using context = backend.upload(hostTensor([3], [1, 2, 3]));
  const x = hostTensor([1], [1]);
  for (let run = 0; run < 3; run++) {
    using output = program.run({ x, context }).output!;
    assertEquals(await numbers(output), [2]);
  }
  assertEquals(count(), 1);

  using other = backend.upload(hostTensor([3], [NaN, 2, 3]));
  assertEquals(await numbers(program.run({ x, context: other }).output), [NaN]);
  assertEquals(count(), 2);

  // A value that a program writes into is another one from then on.
  using copy = await backend.compile(trace(({ y }) => y, { y: f32(3) }), await none(backend));
  copy.run({ y: hostTensor([3], [0, 0, 0]) }, { output: other });
  assertEquals(await numbers(program.run({ x, context: other }).output), [2]);
  assertEquals(count(), 3);
});

Deno.test("a disposed value, program or set of weights says so", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x }) => silu(x), { x: f32(1) });
  const parameters = await none(backend);
  const program = await backend.compile(graph, parameters);
  const x = backend.upload(hostTensor([1], [1]));
  x[Symbol.dispose]();
  await assertRejects(() => x.read(), DisposedError);
  assertThrows(() => program.run({ x }), DisposedError);
  const other = await backend.compile(graph, parameters);
  program[Symbol.dispose]();
  assertThrows(() => program.run({ x: hostTensor([1], [1]) }), DisposedError);
  parameters[Symbol.dispose]();
  assertThrows(() => other.run({ x: hostTensor([1], [1]) }), DisposedError);
});

Deno.test("values and weights of another backend are refused", async () => {
  const [backend, other] = [referenceBackend(), referenceBackend()];
  const graph = trace(({ x }) => silu(x), { x: f32(1) });
  using program = await backend.compile(graph, await none(backend));
  const foreign: Value = { spec: f32(1), read: () => Promise.reject(), [Symbol.dispose]() {} };
  assertThrows(() => program.run({ x: foreign }), InputError, "another backend");
  const parameters = { source: weightsOf({}), [Symbol.dispose]() {} };
  await assertRejects(() => other.compile(graph, parameters), TypeError, "another backend");
});

Deno.test("settled gives timers a turn", async () => {
  let heard = false;
  const timer = setTimeout(() => heard = true, 0);
  await referenceBackend().settled();
  clearTimeout(timer);
  assert(heard);
});

Deno.test("NaN passes through every op that could lose it", async () => {
  const x = hostTensor([3], [1, NaN, -1]);
  assertEquals(await runOnce(({ x }) => clamp(x!, { min: 0, max: 2 }), { x }), [1, NaN, 0]);
  for (const f of ["minimum", "maximum"] as const) {
    const [, left] = await runOnce(({ x }) => binary(f, [x!, 0]), { x });
    const [, right] = await runOnce(({ x }) => binary(f, [0, x!]), { x });
    assertEquals([left, right], [NaN, NaN]);
  }
  assertEquals(await runOnce(({ x }) => reduce(x!, { f: "max" }), { x }), [NaN]);
  assertEquals(await runOnce(({ x }) => quantile(x!, { q: 0.1 }), { x }), [NaN]);
  assertEquals(await runOnce(({ x }) => softmax(x!, { axis: 0 }), { x }), [NaN, NaN, NaN]);
});

Deno.test("quantile is torch.quantile's, linear between ranks", async () => {
  const x = hostTensor([2, 7], [5, -1, 3, 8, 2.5, 0, 7, 1, 1, 1, 1, 1, 1, 1]);
  // torch.quantile(x.double(), q, dim=-1)
  const expected = [[0, -1], [0.25, 1.25], [0.5, 3], [1 / 3, 2.5], [0.995, 7.97], [1, 8]] as const;
  for (const [q, first] of expected) {
    assertEquals(await runOnce(({ x }) => quantile(x!, { q }), { x }), [Math.fround(first), 1]);
  }
});

Deno.test("gather refuses an index outside", async () => {
  const backend = referenceBackend();
  const graph = trace(({ x, at }) => gather(x, { indices: at, axis: 0 }), {
    x: f32(2),
    at: i32(1),
  });
  using program = await backend.compile(graph, await none(backend));
  for (const index of [-1, 2]) {
    const at: HostTensor = { dtype: "i32", shape: [1], data: Int32Array.of(index) };
    assertThrows(
      () => program.run({ x: hostTensor([2], [1, 2]), at }),
      InputError,
      `${index} of 2`,
    );
  }
});
