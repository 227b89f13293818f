import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Graph } from "../../graph/graph.ts";
import {
  add,
  attention,
  clamp,
  compare,
  concat,
  constant,
  conv2d,
  embedding,
  linear,
  matmul,
  mul,
  permute,
  quantile,
  reduce,
  reshape,
  silu,
  slice,
  softmax,
  sub,
  unary,
  upsampleNearest,
  where,
} from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32, sizeOf } from "../../graph/tensor_spec.ts";
import { type Tensor, trace, type Weights } from "../../graph/trace.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { type Backend, DisposedError, InputError, type ParameterSource } from "../backend.ts";
import { checked } from "../checked.ts";
import { referenceBackend } from "../reference/backend.ts";
import { DeviceError, NonFiniteError } from "./device_error.ts";
import { GpuProgram } from "./program.ts";
import { hasWebgpu, webgpuBackend } from "./webgpu_backend.ts";

const ignore = !await hasWebgpu();

/** Runs on a backend of its own, and checks that nothing is left on the device. */
function test(
  name: string,
  body: (backend: Awaited<ReturnType<typeof webgpuBackend>>) => Promise<void>,
  options: Parameters<typeof webgpuBackend>[0] = {},
): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      const backend = await webgpuBackend(options);
      try {
        await body(backend);
      } finally {
        await backend[Symbol.asyncDispose]();
      }
      assertEquals(backend.memory().bytes, 0);
    },
  });
}

function weights(tensors: Record<string, HostTensor>): ParameterSource & { reads: string[] } {
  const reads: string[] = [];
  return {
    description: "test weights",
    tensors: new Map(
      Object.entries(tensors).map(([name, { shape }]) => [name, { shape, stored: "F32" }]),
    ),
    reads,
    read(name, rows) {
      reads.push(rows === undefined ? name : `${name}[${rows.join(":")}]`);
      const { shape, data } = tensors[name]!;
      const inner = sizeOf(shape.slice(1));
      const all = data as Float32Array;
      return Promise.resolve(
        rows === undefined ? all.slice() : all.slice(rows[0] * inner, rows[1] * inner),
      );
    },
  };
}

const none = weights({});
const normal = (shape: number[], seed: number) =>
  hostTensor(shape, new TorchGenerator(seed).randn(sizeOf(shape)));

function assertClose(actual: HostTensor, expected: HostTensor, tolerance: number): void {
  assertEquals(actual.shape, expected.shape);
  actual.data.forEach((x, at) => {
    const difference = Math.abs(Number(x) - Number(expected.data[at]));
    assert(difference <= tolerance, `element ${at}: ${x}, not ${expected.data[at]}`);
  });
}

/** Checks that a graph gives what the reference gives. */
async function assertAgrees(
  backend: Backend,
  graph: Graph,
  options: {
    readonly inputs: Readonly<Record<string, HostTensor>>;
    readonly source?: ParameterSource;
  },
): Promise<void> {
  const { inputs, source = none } = options;
  await using reference = referenceBackend();
  using parameters = await backend.load(source);
  using own = await reference.load(source);
  using program = await backend.compile(graph, parameters);
  using expected = await reference.compile(graph, own);
  const [results, wanted] = [program.run(inputs), expected.run(inputs)];
  for (const [name, value] of Object.entries(wanted)) {
    using output = results[name]!;
    assertClose(await output.read(), await value.read(), 1e-4);
  }
}

test("values of every type come back as they went", async (backend) => {
  const tensors: HostTensor[] = [
    { dtype: "f32", shape: [3], data: Float32Array.of(1.5, -0, 1e-38) },
    { dtype: "f16", shape: [2, 2], data: Float16Array.of(0.1, 65504, 6e-8, -2) },
    { dtype: "i32", shape: [3], data: Int32Array.of(-1, 2 ** 31 - 1, 16777217) },
    { dtype: "u8", shape: [5], data: Uint8Array.of(0, 1, 127, 128, 255) },
    { dtype: "f32", shape: [], data: Float32Array.of(7) },
  ];
  for (const tensor of tensors) {
    using value = backend.upload(tensor);
    assertEquals(await value.read(), tensor);
  }
});

test("only reads and settled wait", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => silu(x), { x: f32(64) });
  using program = await backend.compile(graph, parameters);
  const before = backend.waits;
  using x = backend.upload(normal([64], 1));
  for (let at = 0; at < 50; at++) program.run({ x }, { output: x });
  assertEquals(backend.waits, before);
  await x.read();
  assertEquals(backend.waits, before + 1);
  await backend.settled();
  assertEquals(backend.waits, before + 2);
});

test("inputs are copied before results are written into them", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ a, b }) => ({ a: sub(a, b), b: add(a, b) }), { a: f32(2), b: f32(2) });
  using program = await backend.compile(graph, parameters);
  using a = backend.upload(hostTensor([2], [1, 2]));
  using b = backend.upload(hostTensor([2], [10, 20]));
  program.run({ a, b }, { a: b, b: a });
  assertEquals([...(await b.read()).data], [-9, -18]);
  assertEquals([...(await a.read()).data], [11, 22]);
});

test("an output may be an input, a weight, a number or a value twice", async (backend) => {
  using parameters = await backend.load(weights({ w: hostTensor([2], [5, 6]) }));
  const graph = trace(({ x }, w) => ({ x, w: w.tensor("w", [2]), y: mul(x, 2), z: mul(x, 2) }), {
    x: f32(2),
  });
  using program = await backend.compile(graph, parameters);
  const results = program.run({ x: hostTensor([2], [1, 2]) });
  const read = async (name: string) => {
    using value = results[name]!;
    return [...(await value.read()).data];
  };
  assertEquals(await read("x"), [1, 2]);
  assertEquals(await read("w"), [5, 6]);
  assertEquals(await read("y"), [2, 4]);
  assertEquals(await read("z"), [2, 4]);
});

test("a constant input's part is computed again when its elements change", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x, c }) => add(x, softmax(c, { axis: 0 })), { x: f32(2), c: f32(2) });
  using program = await backend.compile(graph, parameters, { constant: ["c"] });
  assertEquals(program.statistics.constantDispatches, 1);
  assertEquals(program.statistics.dispatches, 1);
  using double = await backend.compile(trace(({ c }) => mul(c, 0), { c: f32(2) }), parameters);
  const x = hostTensor([2], [0, 0]);
  using c = backend.upload(hostTensor([2], [0, Math.log(3)]));
  const run = async (input: typeof c | HostTensor) => {
    using output = program.run({ x, c: input }).output!;
    return (await output.read()) as HostTensor;
  };
  assertClose(await run(c), hostTensor([2], [0.25, 0.75]), 1e-6);
  assertClose(await run(c), hostTensor([2], [0.25, 0.75]), 1e-6);
  double.run({ c }, { output: c });
  assertClose(await run(c), hostTensor([2], [0.5, 0.5]), 1e-6);
  assertClose(await run(hostTensor([2], [0, Math.log(3)])), hostTensor([2], [0.25, 0.75]), 1e-6);
});

test("programs of two sizes share weights and pipelines", async (backend) => {
  const source = weights({ "c.weight": normal([24, 8, 3, 3], 3), "c.bias": normal([24], 4) });
  using parameters = await backend.load(source);
  const build = (side: number) =>
    trace(
      ({ x }, w) => {
        const c = w.at("c");
        return silu(conv2d(x, {
          weight: c.tensor("weight", [24, 8, 3, 3]),
          bias: c.tensor("bias", [24]),
          padding: [1, 1, 1, 1],
        }));
      },
      { x: f32(1, 8, side, side) },
    );
  assertEquals(source.reads, []);
  using small = await backend.compile(build(8), parameters);
  const pipelines = backend.pipelines;
  using large = await backend.compile(build(13), parameters);
  assertEquals(backend.pipelines, pipelines);
  assertEquals(source.reads.sort(), ["c.bias", "c.weight"]);
  await using reference = referenceBackend();
  using own = await reference.load(source);
  for (const [program, side] of [[small, 8], [large, 13]] as const) {
    const x = normal([1, 8, side, side], side);
    using expected = await reference.compile(program.graph, own);
    using output = program.run({ x }).output!;
    assertClose(await output.read(), await expected.run({ x }).output!.read(), 1e-4);
  }
});

test("weights beyond a binding are split, and read in rows", async (backend) => {
  const tensors = {
    table: normal([200, 12], 1),
    w: normal([200, 12], 2),
    b: normal([200], 3),
    c: normal([200, 12, 1, 1], 4),
  };
  const source = weights(tensors);
  const graph = trace(({ ids }, w) => {
    const rows = embedding(ids, { table: w.tensor("table", [200, 12]) });
    const y = linear(rows, { weight: w.tensor("w", [200, 12]), bias: w.tensor("b", [200]) });
    const x = conv2d(unary("tanh", reshape(rows, [4, 12, 1, 1])), {
      weight: w.tensor("c", [200, 12, 1, 1]),
    });
    return { rows, y, x };
  }, { ids: i32(1, 4) });
  const ids: HostTensor = {
    dtype: "i32",
    shape: [1, 4],
    data: Int32Array.of(0, 199, 64, 63),
  };
  using parameters = await backend.load(source);
  using program = await backend.compile(graph, parameters);
  assert(source.reads.some((read) => read.startsWith("w[")), source.reads.join());
  await using reference = referenceBackend();
  using own = await reference.load(source);
  using expected = await reference.compile(graph, own);
  const [results, wanted] = [program.run({ ids }), expected.run({ ids })];
  for (const name of ["rows", "y", "x"]) {
    using output = results[name]!;
    assertClose(await output.read(), await wanted[name]!.read(), 1e-4);
  }
}, { limits: { maxStorageBufferBindingSize: 12 * 4 * 68 + 16 } });

test("half precision keeps weights as halves and computes in floats", async (backend) => {
  const tensors = {
    w: normal([17, 10], 1),
    c: normal([9, 3, 3, 3], 2),
    odd: normal([5, 7], 3),
    table: normal([6, 5], 4),
  };
  tensors.w.data[0] = 1e-7;
  const graph = trace(({ x, image, ids }, w) => ({
    y: linear(x, { weight: w.tensor("w", [17, 10]) }),
    z: conv2d(image, { weight: w.tensor("c", [9, 3, 3, 3]) }),
    o: linear(embedding(ids, { table: w.tensor("table", [6, 5]) }), {
      weight: w.tensor("table", [6, 5]),
    }),
    p: linear(linear(x, { weight: w.tensor("w", [17, 10]) }), {
      weight: linearTo7(w),
    }),
  }), { x: f32(3, 10), image: f32(1, 3, 5, 5), ids: i32(4) });
  const inputs = {
    x: normal([3, 10], 5),
    image: normal([1, 3, 5, 5], 6),
    ids: { dtype: "i32", shape: [4], data: Int32Array.of(5, 0, 3, 3) } as const,
  };
  const more = { ...tensors, seventeen: normal([7, 17], 8) };
  const rounded = Object.fromEntries(
    Object.entries(more).map(([name, { shape, data }]) => [
      name,
      hostTensor(shape, new Float32Array(new Float16Array(data))),
    ]),
  );
  using parameters = await backend.load(weights(more), { precision: "f16" });
  using program = await backend.compile(graph, parameters);
  await using reference = referenceBackend();
  using own = await reference.load(weights(rounded));
  using expected = await reference.compile(graph, own);
  const [results, wanted] = [program.run(inputs), expected.run(inputs)];
  for (const name of Object.keys(wanted)) {
    using output = results[name]!;
    assertClose(await output.read(), await wanted[name]!.read(), 2e-4);
  }
});

function linearTo7(w: Weights): Tensor {
  return w.tensor("seventeen", [7, 17]);
}

for (const kernel of ["registers", "naive"]) {
  test(`an image is enlarged as the convolution ${kernel} reads it`, async (backend) => {
    using parameters = await backend.load(none);
    const graph = trace(({ x, w, b }) => {
      const enlarged = upsampleNearest(silu(x), { scale: [2, 3] });
      const padding = [1, 1, 1, 1] as const;
      return {
        plain: conv2d(enlarged, { weight: w, bias: b, padding }),
        strided: conv2d(enlarged, { weight: w, padding, stride: [2, 1] }),
      };
    }, { x: f32(2, 5, 4, 3), w: f32(7, 5, 3, 3), b: f32(7) });
    const inputs = { x: normal([2, 5, 4, 3], 1), w: normal([7, 5, 3, 3], 2), b: normal([7], 3) };
    using program = await backend.compile(graph, parameters);
    assert(program instanceof GpuProgram);
    assertEquals(program.steps.filter(({ label }) => label.includes("upsample")), []);
    await using reference = referenceBackend();
    using own = await reference.load(none);
    using expected = await reference.compile(graph, own);
    const [results, wanted] = [program.run(inputs), expected.run(inputs)];
    for (const name of ["plain", "strided"]) {
      using output = results[name]!;
      assertClose(await output.read(), await wanted[name]!.read(), 1e-4);
    }
  }, { choose: (_, names) => names.find((name) => name === kernel) });
}

test("a computed weight is rearranged for each shape in which it is read", async (backend) => {
  const graph = trace(({ x, z, image, w }) => ({
    x: linear(x, { weight: w }),
    z: linear(z, { weight: reshape(w, [8, 2]) }),
    image: conv2d(image, { weight: reshape(w, [4, 2, 2, 1]) }),
  }), { x: f32(3, 4), z: f32(3, 2), image: f32(1, 2, 5, 5), w: f32(4, 4) });
  const inputs = {
    x: normal([3, 4], 1),
    z: normal([3, 2], 2),
    image: normal([1, 2, 5, 5], 3),
    w: normal([4, 4], 4),
  };
  await assertAgrees(backend, graph, { inputs });
});

test("an enlarged image may be reshaped before a convolution", async (backend) => {
  const graph = trace(
    ({ x, w }) => conv2d(reshape(upsampleNearest(x), [1, 4, 16, 8]), { weight: w }),
    { x: f32(1, 2, 8, 8), w: f32(3, 4, 1, 1) },
  );
  const inputs = { x: normal([1, 2, 8, 8], 1), w: normal([3, 4, 1, 1], 2) };
  await assertAgrees(backend, graph, { inputs });
});

test("views of any factorings meet", async (backend) => {
  const flat = (x: Tensor) => reshape(permute(x, [1, 0]), [30]);
  const graph = trace(({ x, y, z, a, b, w }) => {
    const turned = permute(linear(b, { weight: w }), [1, 0]);
    const first = slice(turned, { axis: 0, start: 0, stop: 4 });
    return {
      three: where(compare("less", [flat(x), flat(y)]), { a: flat(z), b: reshape(x, [30]) }),
      stored: add(linear(a, { weight: w }), first),
    };
  }, {
    x: f32(2, 15),
    y: f32(3, 10),
    z: f32(5, 6),
    a: f32(4, 8),
    b: f32(8, 8),
    w: f32(8, 8),
  });
  const inputs = {
    x: normal([2, 15], 1),
    y: normal([3, 10], 2),
    z: normal([5, 6], 3),
    a: normal([4, 8], 4),
    b: normal([8, 8], 5),
    w: normal([8, 8], 6),
  };
  await assertAgrees(backend, graph, { inputs });
});

test("a reshaped weight is read in the file's rows", async (backend) => {
  const [rows, inner] = [12, 192 * 4096];
  const w = hostTensor([rows, 192, 4096], new Float32Array(rows * inner));
  for (let at = 0; at < w.data.length; at += 997) w.data[at] = at % 31 / 31;
  const source = weights({ w });
  const graph = trace(
    ({ x }, given) =>
      linear(x, { weight: reshape(given.tensor("w", [rows, 192, 4096]), [rows * 192, 4096]) }),
    { x: f32(1, 4096) },
  );
  await assertAgrees(backend, graph, { inputs: { x: normal([1, 4096], 1) }, source });
  assert(source.reads.some((read) => read.endsWith(`:${rows}]`)), source.reads.join());
});

test("a weight beyond a binding may be an operand of any op", async (backend) => {
  const source = weights({ w: normal([64, 32], 1) });
  const graph = trace(({ x, y }, given) => {
    const w = given.tensor("w", [64, 32]);
    return { sum: add(x, w), product: matmul([y, w]), w };
  }, { x: f32(64, 32), y: f32(3, 64) });
  await assertAgrees(backend, graph, {
    inputs: { x: normal([64, 32], 2), y: normal([3, 64], 3) },
    source,
  });
}, { limits: { maxStorageBufferBindingSize: 4096 } });

test("a limit may be infinite", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => ({
    same: clamp(x, { min: -Infinity, max: Infinity }),
    least: compare("less", [clamp(x, { max: -Infinity }), constant([-3.4e38])]),
    greatest: compare("greater", [clamp(x, { min: Infinity }), constant([3.4e38])]),
  }), { x: f32(2) });
  using program = await backend.compile(graph, parameters);
  const results = program.run({ x: hostTensor([2], [1, -2]) });
  const read = async (name: string) => {
    using value = results[name]!;
    return [...(await value.read()).data];
  };
  assertEquals(await read("same"), [1, -2]);
  assertEquals(await read("least"), [1, 1]);
  assertEquals(await read("greatest"), [1, 1]);
});

test("tensors without elements pass through", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x, none }) => {
    const nothing = silu(add(none, x));
    return { joined: concat([x, nothing, x], { axis: 0 }), nothing };
  }, { x: f32(1, 3), none: f32(0, 3) });
  using program = await backend.compile(graph, parameters);
  const x = hostTensor([1, 3], [1, 2, 3]);
  const { joined, nothing } = program.run({ x, none: hostTensor([0, 3], []) });
  assertEquals(await joined!.read(), hostTensor([2, 3], [1, 2, 3, 1, 2, 3]));
  assertEquals(await nothing!.read(), hostTensor([0, 3], []));
  joined![Symbol.dispose]();
  nothing![Symbol.dispose]();
});

test("a NaN in a result is an error that names the output", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => ({ roots: unary("log", x), fine: x }), { x: f32(3) });
  using program = await backend.compile(graph, parameters);
  const { roots, fine } = program.run({ x: hostTensor([3], [1, -1, 0]) });
  const error = await assertRejects(() => roots!.read(), NonFiniteError);
  assertEquals(error.output, "roots");
  assert(error.message.includes("2 of 3"), error.message);
  assertEquals([...(await fine!.read()).data], [1, -1, 0]);
  roots![Symbol.dispose]();
  fine![Symbol.dispose]();
});

for (const kernel of ["registers", "streaming"]) {
  test(`NaN in a query shows in the attention ${kernel}`, async (backend) => {
    using parameters = await backend.load(none);
    const graph = trace(({ q, k }) => attention(q, { k, v: k }), {
      q: f32(1, 1, 2, 4),
      k: f32(1, 1, 3, 4),
    });
    using program = await backend.compile(graph, parameters);
    const q = normal([1, 1, 2, 4], 1);
    q.data[0] = NaN;
    using output = program.run({ q, k: normal([1, 1, 3, 4], 2) }).output!;
    await assertRejects(() => output.read(), NonFiniteError, "4 of 8");
  }, { choose: (_, names) => names.find((name) => name === kernel) });
}

test("NaN shows in a long maximum and in a quantile", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => ({
    most: reduce(x, { f: "max", axes: [1] }),
    middle: quantile(x, { q: 0.5 }),
  }), { x: f32(2, 300) });
  using program = await backend.compile(graph, parameters);
  for (const at of [5, 299]) {
    const x = normal([2, 300], 1);
    x.data[at] = NaN;
    const { most, middle } = program.run({ x });
    await assertRejects(() => most!.read(), NonFiniteError, "1 of 2");
    await assertRejects(() => middle!.read(), NonFiniteError, "1 of 2");
    most![Symbol.dispose]();
    middle![Symbol.dispose]();
  }
});

test("a quantile is between infinities, or beside them", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => ({
    exact: quantile(x, { q: 0.25 }),
    between: compare("greater", [quantile(x, { q: 0.375 }), constant([3.4028234e38])]),
  }), { x: f32(1, 5) });
  using program = await backend.compile(graph, parameters);
  const { exact, between } = program.run({
    x: hostTensor([1, 5], [1, 2, Infinity, Infinity, Infinity]),
  });
  assertEquals([...(await exact!.read()).data], [2]);
  assertEquals([...(await between!.read()).data], [1]);
  exact![Symbol.dispose]();
  between![Symbol.dispose]();
});

test("a run that is refused leaves nothing behind", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x, c }) => ({ a: add(x, softmax(c, { axis: 0 })), b: mul(c, 2) }), {
    x: f32(2),
    c: f32(2),
  });
  using program = await backend.compile(graph, parameters, { constant: ["c"] });
  const gone = backend.upload(hostTensor([2], [0, 0]));
  gone[Symbol.dispose]();
  const x = hostTensor([2], [0, 0]);
  using c = backend.upload(hostTensor([2], [0, 0]));
  using other = backend.upload(hostTensor([2], [0, Math.log(3)]));
  const before = backend.memory().bytes;
  for (let at = 0; at < 5; at++) {
    assertThrows(() => program.run({ x: gone, c }), DisposedError);
    assertThrows(() => program.run({ x, c }, { b: gone }), DisposedError);
  }
  assertEquals(backend.memory().bytes, before);
  const check = async (input: typeof c, expected: number[]) => {
    const { a, b } = program.run({ x, c: input });
    assertClose(await a!.read(), hostTensor([2], expected), 1e-6);
    a![Symbol.dispose]();
    b![Symbol.dispose]();
  };
  await check(c, [0.5, 0.5]);
  assertThrows(() => program.run({ x: gone, c: other }), DisposedError);
  await check(c, [0.5, 0.5]);
  await check(other, [0.25, 0.75]);
  c[Symbol.dispose]();
  other[Symbol.dispose]();
  assertThrows(() => program.run({ x, c: other }), DisposedError);
});

test("results are freed if a later one finds no room", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => ({ a: mul(x, 2), b: mul(x, 3) }), { x: f32(1000) });
  using program = await backend.compile(graph, parameters);
  const before = backend.memory().bytes;
  const { device } = backend;
  const create = device.createBuffer;
  let left = 1;
  device.createBuffer = (descriptor) => {
    if (left-- > 0) return create.call(device, descriptor);
    throw new RangeError("no room");
  };
  try {
    assertThrows(() => program.run({ x: normal([1000], 1) }), DeviceError, "no room");
  } finally {
    device.createBuffer = create;
  }
  // The first result's buffer is kept for the next.
  const { a, b } = program.run({ x: normal([1000], 1) });
  assertEquals(backend.memory().bytes, before + 2 * 4096);
  a![Symbol.dispose]();
  b![Symbol.dispose]();
});

test("a host tensor that changes in place is a changed constant", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ c }) => softmax(c, { axis: 0 }), { c: f32(2) });
  using program = await backend.compile(graph, parameters, { constant: ["c"] });
  const c = hostTensor([2], [0, 0]);
  using first = program.run({ c }).output!;
  assertClose(await first.read(), hostTensor([2], [0.5, 0.5]), 1e-6);
  c.data[1] = Math.log(3);
  using second = program.run({ c }).output!;
  assertClose(await second.read(), hostTensor([2], [0.25, 0.75]), 1e-6);
});

test("a program whose weights are disposed is refused", async (backend) => {
  const parameters = await backend.load(weights({ w: normal([2, 2], 1) }));
  const graph = trace(({ x }, w) => linear(x, { weight: w.tensor("w", [2, 2]) }), { x: f32(1, 2) });
  using program = await backend.compile(graph, parameters);
  parameters[Symbol.dispose]();
  assertThrows(() => program.run({ x: normal([1, 2], 1) }), DisposedError, "test weights");
  await assertRejects(() => backend.compile(graph, parameters), DisposedError, "test weights");
});

test("what is disposed or foreign is refused", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => silu(x), { x: f32(2) });
  const program = await backend.compile(graph, parameters);
  const value = backend.upload(hostTensor([2], [1, 2]));
  value[Symbol.dispose]();
  value[Symbol.dispose]();
  await assertRejects(() => value.read(), DisposedError);
  assertThrows(() => program.run({ x: value }), DisposedError);
  assertThrows(() => program.run({}), InputError, "x is missing");
  await using other = await webgpuBackend();
  using foreign = other.upload(hostTensor([2], [1, 2]));
  assertThrows(() => program.run({ x: foreign }), InputError, "another backend");
  using wrong = backend.upload(hostTensor([3], [1, 2, 3]));
  assertThrows(
    () => program.run({ x: hostTensor([2], [1, 2]) }, { output: wrong }),
    InputError,
    "f32[3]",
  );
  program[Symbol.dispose]();
  assertThrows(() => program.run({ x: hostTensor([2], [1, 2]) }), DisposedError);
});

test("the same run gives the same bytes", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x, w }) => softmax(linear(x, { weight: w }), { axis: 1 }), {
    x: f32(40, 96),
    w: f32(130, 96),
  });
  using program = await backend.compile(graph, parameters);
  const inputs = { x: normal([40, 96], 1), w: normal([130, 96], 2) };
  const run = async () => {
    using output = program.run(inputs).output!;
    return new Uint8Array((await output.read()).data.buffer as ArrayBuffer);
  };
  const first = await run();
  for (let at = 0; at < 5; at++) assertEquals(await run(), first);
});

test("a hundred runs take no more memory than two", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x }) => silu(x), { x: f32(1000) });
  using program = await backend.compile(graph, parameters);
  const run = async () => {
    using output = program.run({ x: normal([1000], 1) }).output!;
    await output.read();
  };
  await run();
  await run();
  const { bytes } = backend.memory();
  for (let at = 0; at < 100; at++) await run();
  assertEquals(backend.memory().bytes, bytes);
});

test("the device's clock times every step", async (backend) => {
  using parameters = await backend.load(none);
  const graph = trace(({ x, w }) => silu(linear(silu(x), { weight: w })), {
    x: f32(8, 64),
    w: f32(64, 64),
  });
  using program = await backend.compile(graph, parameters, { constant: ["w"] });
  assert(program instanceof GpuProgram);
  const timed = backend.device.features.has("timestamp-query");
  assertEquals(program.profile !== undefined, timed);
  if (!timed) return;
  const steps = await program.profile!({ x: normal([8, 64], 1), w: normal([64, 64], 2) });
  assertEquals(steps.map(({ label }) => label), ["silu", "linear+silu"]);
  assert(steps.every(({ milliseconds }) => milliseconds >= 0));
  assert(steps.some(({ milliseconds }) => milliseconds > 0));
});

test("a program says which values it stores, and agrees with the reference on each", async (backend) => {
  const graph = trace(({ x, w }) => {
    const h = linear(x, { weight: w });
    return { y: mul(silu(h), 2), z: softmax(h, { axis: 1 }) };
  }, { x: f32(8, 12), w: f32(12, 12) });
  const both = checked(await webgpuBackend({ device: backend.device }), referenceBackend());
  using parameters = await both.load(none);
  using program = await both.compile(graph, parameters);
  const results = program.run({ x: normal([8, 12], 1), w: normal([12, 12], 2) });
  await both.settled();
  for (const value of Object.values(results)) value[Symbol.dispose]();
  // linear, softmax, and silu with mul as one.
  assertEquals(both.report().nodes, 3);
  await both[Symbol.asyncDispose]();
});
