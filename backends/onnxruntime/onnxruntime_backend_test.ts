import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { memoryWeights } from "../../tests/memory_weights.ts";
import { add, conv2d, gather, linear, mul, upsampleNearest } from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32, sizeOf } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { DisposedError, InputError, NO_WEIGHTS, WeightsError } from "../backend.ts";
import { referenceBackend } from "../reference/backend.ts";
import { onnxruntimeBackend } from "./onnxruntime_backend.ts";
import { OnnxRuntimeError } from "./runtime.ts";

const random = (shape: readonly number[], seed: number): HostTensor =>
  hostTensor(shape, new TorchGenerator(seed).randn(sizeOf(shape)) as Float32Array);

const WEIGHTS = memoryWeights({
  "conv.weight": random([4, 4, 3, 3], 1),
  "out.weight": random([3, 4], 2),
});

/** A small network whose sizes are free. */
const network = (n: number, h: number, w: number) =>
  trace(({ x }, weights) => {
    const y = conv2d(x, {
      weight: weights.tensor("conv.weight", [4, 4, 3, 3]),
      padding: [1, 1, 1, 1],
    });
    return { y: upsampleNearest(add(x, y), { scale: [2, 2] }) };
  }, { x: f32(n, 4, h, w) });

function near(actual: HostTensor, expected: HostTensor): void {
  assertEquals(actual.shape, expected.shape);
  const largest = Math.max(...Array.from(expected.data, Math.abs));
  actual.data.forEach((x, at) => {
    assert(Math.abs(x - expected.data[at]!) <= 4e-5 * largest, `${at}: ${x}`);
  });
  assert(largest > 0);
}

Deno.test("sizes of one network agree with the reference, whichever comes first", async () => {
  await using backend = onnxruntimeBackend();
  await using reference = referenceBackend();
  using weights = await backend.load(WEIGHTS);
  using truth = await reference.load(WEIGHTS);
  for (const [n, h, w] of [[1, 6, 4], [2, 8, 10], [3, 5, 7], [1, 6, 4], [2, 8, 4]] as const) {
    const graph = network(n, h, w);
    using program = await backend.compile(graph, weights);
    using other = await reference.compile(graph, truth);
    const x = random([n, 4, h, w], n * h * w);
    using actual = program.run({ x }).y!;
    using expected = other.run({ x }).y!;
    near(await actual.read(), await expected.read());
  }
});

Deno.test("sizes that no one session serves do not take each other's", async () => {
  await using backend = onnxruntimeBackend();
  await using reference = referenceBackend();
  using weights = await backend.load(WEIGHTS);
  using truth = await reference.load(WEIGHTS);
  // Batch alone moves, then the sides alone, then the first two again, all alive at once.
  using programs = new DisposableStack();
  for (const [n, h, w] of [[2, 4, 4], [1, 4, 4], [2, 6, 8], [1, 4, 4], [2, 4, 4], [3, 6, 8]]) {
    const graph = network(n!, h!, w!);
    const program = programs.use(await backend.compile(graph, weights));
    using other = await reference.compile(graph, truth);
    const x = random([n!, 4, h!, w!], 9);
    using actual = program.run({ x }).y!;
    using expected = other.run({ x }).y!;
    near(await actual.read(), await expected.read());
  }
});

Deno.test("programs of one size go on when another size comes and when it goes", async () => {
  await using backend = onnxruntimeBackend();
  using weights = await backend.load(WEIGHTS);
  using first = await backend.compile(network(1, 6, 4), weights);
  const x = random([1, 4, 6, 4], 5);
  using before = first.run({ x }).y!;
  const expected = await before.read();
  const second = await backend.compile(network(1, 8, 8), weights);
  using between = first.run({ x }).y!;
  near(await between.read(), expected);
  second[Symbol.dispose]();
  using after = first.run({ x }).y!;
  near(await after.read(), expected);
});

Deno.test("a value feeds the next run, and the run that writes into it", async () => {
  await using backend = onnxruntimeBackend();
  using weights = await backend.load(NO_WEIGHTS);
  const graph = trace(({ x, y }) => ({ sum: add(mul(x, 2), y) }), { x: f32(3), y: f32(3) });
  using program = await backend.compile(graph, weights);
  using x = backend.upload(hostTensor([3], [1, 2, 3]));
  const y = hostTensor([3], [10, 20, 30]);
  const { sum } = program.run({ x, y }, { sum: x });
  assertEquals(sum, x);
  assertEquals([...(await x.read()).data], [12, 24, 36]);
  using next = program.run({ x, y: x }).sum!;
  await backend.settled();
  assertEquals([...(await next.read()).data], [36, 72, 108]);
});

Deno.test("what a program cannot take is refused when it is given", async () => {
  await using backend = onnxruntimeBackend();
  await using another = referenceBackend();
  using weights = await backend.load(NO_WEIGHTS);
  const graph = trace(({ x }) => ({ y: mul(x, 2) }), { x: f32(3) });
  const program = await backend.compile(graph, weights);
  const x = hostTensor([3], [1, 2, 3]);
  assertThrows(() => program.run({}), InputError, "x is missing");
  assertThrows(() => program.run({ x: hostTensor([2], [1, 2]) }), InputError, "f32[2]");
  assertThrows(() => program.run({ x: another.upload(x) }), InputError, "another backend");
  using small = backend.upload(hostTensor([2], [1, 2]));
  assertThrows(() => program.run({ x }, { y: small }), InputError, "into f32[2]");
  assertThrows(() => program.run({ x }, { z: small }), InputError, "no such output");
  program[Symbol.dispose]();
  assertThrows(() => program.run({ x }), DisposedError);
  const value = backend.upload(x);
  value[Symbol.dispose]();
  await assertRejects(() => value.read(), DisposedError);
  const parameters = await another.load(NO_WEIGHTS);
  await assertRejects(() => backend.compile(graph, parameters), InputError, "another backend's");
});

Deno.test("nothing is computed for a run that would write into a disposed value", async () => {
  await using backend = onnxruntimeBackend();
  using weights = await backend.load(NO_WEIGHTS);
  const graph = trace(({ x }) => ({ y: mul(x, 2), z: mul(x, 3) }), { x: f32(1) });
  using program = await backend.compile(graph, weights);
  using held = backend.upload(hostTensor([1], [7]));
  const gone = backend.upload(hostTensor([1], [0]));
  gone[Symbol.dispose]();
  const x = hostTensor([1], [1]);
  assertThrows(() => program.run({ x }, { y: held, z: gone }), DisposedError);
  assertEquals([...(await held.read()).data], [7]);
});

Deno.test("weights that are missing or disposed are told before anything runs", async () => {
  await using backend = onnxruntimeBackend();
  const graph = trace(
    ({ x }, w) => ({ y: linear(x, { weight: w.tensor("out.weight", [3, 5]) }) }),
    { x: f32(1, 5) },
  );
  using weights = await backend.load(WEIGHTS);
  await assertRejects(() => backend.compile(graph, weights), WeightsError, "out.weight [3, 4]");
  const gone = await backend.load(WEIGHTS);
  const program = await backend.compile(network(1, 2, 2), gone);
  gone[Symbol.dispose]();
  assertThrows(() => program.run({ x: random([1, 4, 2, 2], 1) }), DisposedError);
});

Deno.test("a run that fails says so to whoever reads or waits, and the next one works", async () => {
  await using backend = onnxruntimeBackend();
  using weights = await backend.load(NO_WEIGHTS);
  const graph = trace(({ table, ids }) => ({ rows: gather(table, { indices: ids, axis: 0 }) }), {
    table: f32(2, 3),
    ids: i32(1),
  });
  using program = await backend.compile(graph, weights);
  const table = random([2, 3], 3);
  const ids = (id: number): HostTensor => ({ dtype: "i32", shape: [1], data: Int32Array.of(id) });
  using bad = program.run({ table, ids: ids(7) }).rows!;
  await assertRejects(() => backend.settled(), OnnxRuntimeError, "idx=7");
  await assertRejects(() => bad.read(), OnnxRuntimeError, "idx=7");
  await backend.settled();
  using good = program.run({ table, ids: ids(1) }).rows!;
  assertEquals((await good.read()).data, table.data.slice(3));
});

Deno.test("halves are weights rounded to halves", async () => {
  await using backend = onnxruntimeBackend();
  const graph = trace(
    ({ x }, w) => ({ y: linear(x, { weight: w.tensor("w", [1, 1]) }) }),
    { x: f32(1, 1) },
  );
  const third = memoryWeights({ w: hostTensor([1, 1], [1 / 3]) });
  using weights = await backend.load(third, { precision: "f16" });
  using program = await backend.compile(graph, weights);
  using y = program.run({ x: hostTensor([1, 1], [1]) }).y!;
  assertEquals([...(await y.read()).data], [Math.f16round(1 / 3)]);
});

Deno.test("threads are a whole number from 1; several work, or one does instead", async () => {
  assertThrows(() => onnxruntimeBackend({ threads: 0 }), RangeError, "0 threads");
  assertThrows(() => onnxruntimeBackend({ threads: 1.5 }), RangeError);
  await using backend = onnxruntimeBackend({ threads: 2 });
  assertEquals(backend.threads, undefined);
  await backend.start();
  assert(backend.threads === 2 || backend.threads === 1);
  using weights = await backend.load(WEIGHTS);
  using program = await backend.compile(network(1, 4, 4), weights);
  using y = program.run({ x: random([1, 4, 4, 4], 1) }).y!;
  assertEquals((await y.read()).shape, [1, 4, 8, 8]);
});

Deno.test("a disposed backend says so, to those that wait as well", async () => {
  const backend = onnxruntimeBackend();
  using weights = await backend.load(WEIGHTS);
  const program = await backend.compile(network(1, 4, 4), weights);
  const value = program.run({ x: random([1, 4, 4, 4], 1) }).y!;
  const reading = assertRejects(() => value.read(), OnnxRuntimeError, "disposed");
  await backend[Symbol.asyncDispose]();
  await reading;
  await assertRejects(() => backend.compile(network(1, 4, 4), weights), DisposedError);
});
