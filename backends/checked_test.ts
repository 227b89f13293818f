import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Graph } from "../graph/graph.ts";
import * as op from "../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, sizeOf } from "../graph/tensor_spec.ts";
import { trace, type Weights } from "../graph/trace.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import { faultyBackend } from "../tests/faulty_backend.ts";
import { memoryWeights, randomWeights } from "../tests/memory_weights.ts";
import { type Backend, DisposedError, InputError, type Program } from "./backend.ts";
import { checked, type CheckedOptions, MismatchError } from "./checked.ts";
import type { FusedProgram } from "./check_plan.ts";
import { referenceBackend } from "./reference/backend.ts";

/** Two residual blocks: groupNorm, silu, conv. */
const network = trace(({ x, shift }, weights) => {
  const block = (w: Weights, input: typeof x) =>
    w.module(() => {
      const normed = w.at("norm").module((norm) =>
        op.groupNorm(input, {
          weight: norm.tensor("weight", [4]),
          bias: norm.tensor("bias", [4]),
          groups: 2,
          epsilon: 1e-5,
        })
      );
      const convolved = w.at("conv").module((conv) =>
        op.conv2d(op.silu(normed), {
          weight: conv.tensor("weight", [4, 4, 3, 3]),
          bias: conv.tensor("bias", [4]),
          padding: [1, 1, 1, 1],
        })
      );
      return op.add(input, convolved);
    });
  const moved = op.add(x, op.reshape(op.unary("tanh", shift), [1, 4, 1, 1]));
  const first = block(weights.at("blocks.0"), moved);
  return { sample: block(weights.at("blocks.1"), first), first, x };
}, { x: f32(2, 4, 3, 5), shift: f32(4) });

function noise(seed: number, shape: readonly number[]): HostTensor {
  return hostTensor(shape, new TorchGenerator(seed).randn(sizeOf(shape)));
}

const INPUTS = { x: noise(1, [2, 4, 3, 5]), shift: noise(2, [4]) };

/** Runs once on `a`, checked against the reference, and reads the results. */
async function runChecked(a: Backend, options: CheckedOptions & { graph?: Graph } = {}) {
  const { graph = network } = options;
  await using backend = checked(a, referenceBackend(), options);
  using parameters = await backend.load(randomWeights(graph));
  using program = await backend.compile(graph, parameters);
  const results = program.run(INPUTS);
  const read: Record<string, HostTensor> = {};
  for (const [name, value] of Object.entries(results)) {
    using held = value;
    read[name] = await held.read();
  }
  return { read, report: backend.report() };
}

Deno.test("checked runs as the first backend does and compares every node", async () => {
  const { read, report } = await runChecked(referenceBackend({ decompose: true }));
  await using reference = referenceBackend();
  using parameters = await reference.load(randomWeights(network));
  using program = await reference.compile(network, parameters);
  for (const [name, value] of Object.entries(program.run(INPUTS))) {
    assertEquals(read[name], await value.read(), name);
  }
  assertEquals(report.nodes, network.nodes.length);
  assertEquals(report.first, undefined);
  assertEquals(report.growth, []);
  assert(report.worst !== undefined && report.worst.difference <= report.worst.bound);
  assert(report.worst.bound > 0 && report.worst.bound < 1e-3);
});

Deno.test("checked is named after both", async () => {
  await using backend = checked(referenceBackend({ decompose: true }), referenceBackend());
  assertEquals(backend.name, "checked(reference (decomposed), reference)");
  assertEquals(backend.report(), { nodes: 0, growth: [] });
});

Deno.test("a fault in one op at one site is named", async () => {
  const fault = { op: "groupNorm", site: "blocks.1.norm", factor: 1.001 };
  const error = await assertRejects(
    () => runChecked(faultyBackend(referenceBackend(), fault)),
    MismatchError,
    "Cannot trust faulty: groupNorm at blocks.1.norm, [2, 4, 3, 5] from [2, 4, 3, 5], [4], [4], is ",
  );
  const { found } = error;
  assertEquals([found.op, found.site], ["groupNorm", "blocks.1.norm"]);
  assertEquals(found.shapes, { inputs: [[2, 4, 3, 5], [4], [4]], output: [2, 4, 3, 5] });
  assertAlmostEquals(found.actual / found.expected, 1.001, 1e-6);
  assertAlmostEquals(found.difference, Math.abs(found.actual - found.expected), 1e-12);
  assert(found.difference > found.bound);
});

Deno.test("NaN on one side is a mismatch", async () => {
  const fault = { op: "conv2d", site: "blocks.0.conv", factor: NaN };
  const { found } = await assertRejects(
    () => runChecked(faultyBackend(referenceBackend(), fault)),
    MismatchError,
  );
  assertEquals([found.op, found.site, found.actual], ["conv2d", "blocks.0.conv", NaN]);
});

Deno.test("NaN on both sides is agreement", async () => {
  const graph = trace(({ x, shift }) => ({ x, y: op.sqrt(shift) }), {
    x: f32(2, 4, 3, 5),
    shift: f32(4),
  });
  assert(INPUTS.shift.data.some((x) => x < 0));
  const { report } = await runChecked(referenceBackend({ decompose: true }), { graph });
  assertEquals(report.nodes, 1);
});

Deno.test("free lets differences grow and throws none", async () => {
  const fault = { op: "groupNorm", site: "blocks.0.norm", factor: 1.001 };
  const { report } = await runChecked(faultyBackend(referenceBackend(), fault), { mode: "free" });
  assertEquals(report.growth.map(({ op }) => op), network.nodes.map(({ op }) => op));
  assertEquals(report.first?.site, "blocks.0.norm");
  const last = report.growth.at(-1)!;
  assert(last.difference > last.bound, "what follows the fault is off too");
  const before = report.growth.slice(0, report.growth.findIndex(({ op }) => op === "groupNorm"));
  assert(before.every(({ difference }) => difference === 0));
});

Deno.test("free follows values through programs, into and several runs", async () => {
  const step = trace(({ x }) => op.mul(op.unary("tanh", x), 1.5), { x: f32(6) });
  const fault = { op: "unary", site: "", factor: 1.0001 };
  const worst = async (mode: "free" | "isolated") => {
    await using backend = checked(
      faultyBackend(referenceBackend(), fault),
      referenceBackend(),
      { mode, bound: { error: 1 } },
    );
    using none = await backend.load(memoryWeights());
    using program = await backend.compile(step, none);
    using value = backend.upload(noise(3, [6]));
    for (let run = 0; run < 4; run++) program.run({ x: value }, { output: value });
    await value.read();
    assertEquals(backend.report().nodes, 4 * 3);
    assertEquals(backend.report().growth.length, mode === "free" ? 4 * 3 : 0);
    return backend.report().worst!.difference;
  };
  // tanh at 1.0001 times its value, then times 1.5, then again from there: more than one op's own fault.
  assert(await worst("free") > 1.5 * await worst("isolated"));
});

Deno.test("a bound may be wider", async () => {
  const fault = { op: "groupNorm", site: "blocks.1.norm", factor: 1.001 };
  for (const bound of [{ relative: 2e-3 }, { error: 1e-3 }]) {
    const { report } = await runChecked(faultyBackend(referenceBackend(), fault), { bound });
    assertEquals(report.worst?.site, "blocks.1.norm");
  }
});

Deno.test("values pass between programs, and inputs may be overwritten before the comparison", async () => {
  const twice = trace(({ x }) => ({ y: op.add(x, x), x }), { x: f32(3) });
  const square = trace(({ y }) => op.mul(y, y), { y: f32(3) });
  await using backend = checked(referenceBackend(), referenceBackend());
  using none = await backend.load(memoryWeights());
  using first = await backend.compile(twice, none);
  using second = await backend.compile(square, none);
  const host = hostTensor([3], [1, 2, 3]);
  using x = backend.upload(host);
  const made = first.run({ x }, { y: x });
  assertEquals(made.y, x);
  host.data.fill(NaN);
  using output = second.run({ y: made.y! }).output!;
  assertEquals([...(await made.y!.read()).data], [2, 4, 6]);
  assertEquals([...(await made.x!.read()).data], [1, 2, 3]);
  assertEquals([...(await output.read()).data], [4, 16, 36]);
  assertEquals(backend.report().nodes, 2);
  assertEquals(backend.report().worst?.difference, 0);
});

Deno.test("runs wait for nobody; read and settled compare all so far, in order", async () => {
  const graph = trace(({ x }) => op.softmax(x, { axis: 0 }), { x: f32(3) });
  await using backend = checked(
    faultyBackend(referenceBackend(), { op: "softmax", site: "", factor: 0.5 }),
    referenceBackend(),
  );
  using none = await backend.load(memoryWeights());
  const program = await backend.compile(graph, none);
  const values = [1, 2, 3].map((seed) => program.run({ x: noise(seed, [3]) }).output!);
  for (const value of values.slice(1)) value[Symbol.dispose]();
  program[Symbol.dispose](); // its runs are compared all the same
  assertEquals(backend.report().nodes, 0);
  await assertRejects(() => values[0]!.read(), MismatchError, "softmax at the top, [3] from [3]");
  await assertRejects(() => backend.settled(), MismatchError);
  await assertRejects(() => Promise.all([values[0]!.read(), backend.settled()]), MismatchError);
  await backend.settled();
  assertEquals((await values[0]!.read()).shape, [3]);
  assertEquals(backend.report().nodes, 3);
});

/** A backend that computes from the constant inputs of its first run for ever. */
function staleBackend(backend: Backend): Backend {
  return {
    ...backend,
    async compile(graph, parameters, options = {}): Promise<Program> {
      const program = await backend.compile(graph, parameters, options);
      const held: Record<string, HostTensor> = {};
      return {
        graph,
        run(inputs, into) {
          const given = { ...inputs };
          for (const name of options.constant ?? []) {
            given[name] = held[name] ??= inputs[name] as HostTensor;
          }
          return program.run(given, into);
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
}

Deno.test("a fault of no node but of the program is found in its results", async () => {
  for (const [stale, constant] of [[false, ["shift"]], [true, []], [true, ["shift"]]] as const) {
    await using backend = checked(
      stale ? staleBackend(referenceBackend()) : referenceBackend(),
      referenceBackend(),
    );
    using parameters = await backend.load(randomWeights(network));
    using program = await backend.compile(network, parameters, { constant });
    const run = async (seed: number) => {
      program.run({ x: INPUTS.x, shift: noise(seed, [4]) });
      await backend.settled();
    };
    await run(5);
    if (!stale || constant.length === 0) await run(6);
    else {
      await assertRejects(
        () => run(6),
        MismatchError,
        "Cannot trust reference: program at sample, ",
      );
    }
  }
});

Deno.test("nodes that a program fuses are compared as one", async () => {
  const fault = { op: "conv2d", site: "blocks.0.conv", factor: 2 };
  const faulty = faultyBackend(referenceBackend(), fault);
  const fusing: Backend = {
    ...faulty,
    async compile(graph, parameters, options) {
      const program = await faulty.compile(graph, parameters, options);
      const fused: FusedProgram = {
        graph,
        run: (inputs, into) => program.run(inputs, into),
        [Symbol.dispose]: () => program[Symbol.dispose](),
        materialised: new Set(
          graph.nodes.filter(({ op }) => op === "groupNorm" || op === "conv2d").map(({ id }) => id),
        ),
      };
      return fused;
    },
  };
  const { found } = await assertRejects(() => runChecked(fusing), MismatchError);
  assertEquals([found.op, found.site], ["unary+conv2d", "blocks.0.conv"]);
});

Deno.test("codes that are equally near may differ, others not", async () => {
  const graph = trace(({ z }, weights) => ({
    chosen: op.nearestCode(z, { codebook: weights.tensor("codebook", [3, 2]) }),
  }), { z: f32(2, 2) });
  const codebook = hostTensor([3, 2], [1, 0, -1, 0, 0, 5]);
  /** A backend that takes the second code where the reference takes the first. */
  const otherwise: Backend = {
    ...referenceBackend(),
    async compile(each, parameters, options) {
      const inner = referenceBackend();
      const program = await inner.compile(each, parameters, options);
      return {
        graph: each,
        run(inputs) {
          const results = program.run(inputs);
          if (each.nodes[0]?.op !== "nearestCode") return results;
          return Object.fromEntries(
            Object.keys(results).map((name) => [
              name,
              inner.upload({ dtype: "i32", shape: [2], data: Int32Array.of(1, 1) }),
            ]),
          );
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
  for (const [z, agree] of [[[0, -3, 1e-7, 0], true], [[0, -3, 0.1, 0], false]] as const) {
    await using backend = checked(otherwise, referenceBackend());
    using parameters = await backend.load(memoryWeights({ codebook }));
    using program = await backend.compile(graph, parameters);
    program.run({ z: hostTensor([2, 2], z) });
    if (agree) await backend.settled();
    else await assertRejects(() => backend.settled(), MismatchError, "nearestCode at the top");
  }
});

Deno.test("both sides store weights in the precision that is asked for", async () => {
  const graph = trace(
    ({ x }, weights) => ({ y: op.add(x, weights.tensor("w", [3])), w: weights.tensor("w", [3]) }),
    { x: f32(3) },
  );
  const w = hostTensor([3], [0.1, 1 / 3, 1e-3]);
  await using backend = checked(referenceBackend({ decompose: true }), referenceBackend());
  using parameters = await backend.load(memoryWeights({ w }), { precision: "f16" });
  using program = await backend.compile(graph, parameters);
  const { w: stored } = program.run({ x: hostTensor([3], [0, 0, 0]) });
  assertEquals([...(await stored!.read()).data], [...new Float16Array(w.data)]);
  assertEquals(backend.report().nodes, 2, "the node and the weight that is an output");
});

Deno.test("errors of either side say which node they met", async () => {
  const failing: Backend = {
    ...referenceBackend(),
    compile: () => Promise.reject(new Error("out of memory")),
  };
  await using backend = checked(referenceBackend(), failing);
  using parameters = await backend.load(randomWeights(network));
  using program = await backend.compile(network, parameters);
  program.run(INPUTS);
  await assertRejects(
    () => backend.settled(),
    Error,
    "Cannot compare unary at the top between reference and reference: out of memory",
  );
});

Deno.test("a value that takes two outputs is compared with the last", async () => {
  const graph = trace(({ x }) => ({ a: op.add(x, x), b: op.mul(x, x) }), { x: f32(2) });
  await using backend = checked(referenceBackend(), referenceBackend());
  using none = await backend.load(memoryWeights());
  using program = await backend.compile(graph, none);
  using value = backend.upload(hostTensor([2], [0, 0]));
  program.run({ x: hostTensor([2], [1, 3]) }, { a: value, b: value });
  assertEquals([...(await value.read()).data], [1, 9]);
  assertEquals(backend.report().nodes, 2);
});

Deno.test("what failed to compile once is compiled again", async () => {
  const working = referenceBackend();
  let failures = 1;
  const failing: Backend = {
    ...working,
    compile: (...given) =>
      failures-- > 0 ? Promise.reject(new Error("out of memory")) : working.compile(...given),
  };
  const graph = trace(({ x }) => op.silu(x), { x: f32(1) });
  await using backend = checked(referenceBackend(), failing);
  using none = await backend.load(memoryWeights());
  using program = await backend.compile(graph, none);
  program.run({ x: hostTensor([1], [1]) });
  await assertRejects(() => backend.settled(), Error, "out of memory");
  program.run({ x: hostTensor([1], [1]) });
  await backend.settled();
  assertEquals(backend.report().nodes, 1);
});

Deno.test("weights, values and programs of other backends are refused", async () => {
  const graph = trace(({ x }) => op.silu(x), { x: f32(1) });
  await using one = checked(referenceBackend(), referenceBackend());
  await using two = checked(referenceBackend(), referenceBackend());
  const parameters = await one.load(memoryWeights());
  await assertRejects(() => two.compile(graph, parameters), TypeError);
  using program = await one.compile(graph, parameters);
  using foreign = two.upload(hostTensor([1], [1]));
  assertThrows(() => program.run({ x: foreign }), InputError, "x is a value of another backend");
  assertThrows(() => program.run({}), InputError, "input x is missing");
  parameters[Symbol.dispose]();
  assertThrows(() => program.run({ x: hostTensor([1], [1]) }), DisposedError);
  await assertRejects(() => one.compile(graph, parameters), DisposedError);
});
