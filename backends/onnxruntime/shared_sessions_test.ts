import { assertEquals, assertRejects } from "@std/assert";
import { conv2d, linear, mul } from "../../graph/ops/mod.ts";
import { f32, hostTensor } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { memoryWeights } from "../../tests/memory_weights.ts";
import { OnnxRuntimeError } from "./runtime.ts";
import { SharedSessions } from "./shared_sessions.ts";

const source = memoryWeights({ w: hostTensor([2, 2, 3, 3], new Float32Array(36)) });

const network = (n: number, side: number) =>
  trace(
    ({ x }, weights) => ({
      y: conv2d(x, { weight: weights.tensor("w", [2, 2, 3, 3]), padding: [1, 1, 1, 1] }),
    }),
    { x: f32(n, 2, side, side + 1) },
  );

Deno.test("a checkpoint's network has one session for all sizes from the second on", async () => {
  const sessions = new SharedSessions();
  const log: string[] = [];
  let next = 0;
  const maker = {
    parameters: { source, [Symbol.dispose]() {} },
    create: () => {
      log.push(`create ${next}`);
      return next++;
    },
    release: (session: number) => void log.push(`release ${session}`),
  };
  const first = await sessions.get(network(1, 4), maker);
  const same = await sessions.get(network(1, 4), maker);
  assertEquals([first.session, same.session, ...log], [0, 0, "create 0"]);
  const second = await sessions.get(network(2, 6), maker);
  // The session of one size is given up for the one with free axes, by all that had it.
  assertEquals([first.session, same.session, second.session], [1, 1, 1]);
  const third = await sessions.get(network(3, 9), maker);
  assertEquals(third.session, 1);
  assertEquals(log, ["create 0", "create 1", "release 0"]);
  for (const held of [first, same, third]) held[Symbol.dispose]();
  first[Symbol.dispose](); // twice is once
  assertEquals(log.length, 3);
  second[Symbol.dispose]();
  assertEquals(log.at(-1), "release 1");
  const again = await sessions.get(network(1, 4), maker);
  assertEquals(again.session, 2);
});

Deno.test("graphs without weights, and networks of other ops, have sessions of their own", async () => {
  const sessions = new SharedSessions();
  let next = 0;
  const parameters = { source, [Symbol.dispose]() {} };
  const maker = { parameters, create: () => next++, release() {} };
  const twice = (n: number) => trace(({ x }) => ({ y: mul(x, 2) }), { x: f32(n) });
  const numbers: number[] = [];
  for (const graph of [twice(1), twice(2), network(1, 4), twice(1)]) {
    numbers.push((await sessions.get(graph, maker)).session);
  }
  assertEquals(numbers, [0, 1, 2, 0]);
});

Deno.test("weights that WebAssembly cannot hold are refused before they are read", async () => {
  const sessions = new SharedSessions();
  const shape = [1_000_000, 1000];
  const parameters = {
    source: {
      description: "a large model",
      tensors: new Map([["w", { shape, stored: "F16" }]]),
      read: () => Promise.reject(new Error("it was read")),
    },
    [Symbol.dispose]() {},
  };
  const graph = trace(
    ({ x }, w) => ({ y: linear(x, { weight: w.tensor("w", shape) }) }),
    { x: f32(1, 1000) },
  );
  const maker = { parameters, create: () => 0, release() {} };
  await assertRejects(() => sessions.get(graph, maker), OnnxRuntimeError, "4.0 GB as floats");
});
