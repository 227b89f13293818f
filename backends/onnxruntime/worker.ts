/**
 * The worker that holds ONNX Runtime. A run blocks its thread, so it has one of its own: the main thread goes on hearing what
 * it is told, and can end a runtime that hangs.
 *
 * @module
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { describe, type HostTensor, sameShape } from "../../graph/tensor_spec.ts";
import { fromRuntime, toRuntime } from "./convert.ts";
import type { Answer, Order, OrtPort, Provider, Result } from "./protocol.ts";

/** What is used of the runtime's module; its two builds share it. */
type Runtime = typeof import("onnxruntime-web");

/** What a worker is, as far as it is used here. */
interface Scope {
  postMessage(message: Answer, transfer: readonly ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: Order }) => void) | null;
}

const scope = globalThis as unknown as Scope;

/** A value that is there, or why it is not. */
type Held = { readonly tensor: HostTensor } | { readonly failure: string };

let runtime: { readonly module: Runtime; readonly provider: Provider } | undefined;
const sessions = new Map<number, InferenceSession | { readonly failure: string }>();
const values = new Map<number, Held>();
/** The first failure since the last time that somebody was told. */
let failure: string | undefined;

let last: Promise<void> = Promise.resolve();
scope.onmessage = ({ data: order }) => {
  // One at a time: two runs at once are more than the runtime's WebGPU build can do.
  last = last.then(() => obey(order));
};

async function obey(order: Order): Promise<void> {
  try {
    const result = await execute(order);
    if (!("reply" in order) || order.reply === undefined) return;
    const transfer = result.kind === "tensor" ? [result.tensor.data.buffer as ArrayBuffer] : [];
    scope.postMessage({ reply: order.reply, ok: true, result }, transfer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if ("reply" in order && order.reply !== undefined) {
      scope.postMessage({ reply: order.reply, ok: false, reason }, []);
    } else failure ??= reason;
    if (order.do === "create") sessions.set(order.session, { failure: reason });
    if (order.do === "run") {
      for (const { to } of order.outputs) values.set(to, { failure: reason });
    }
  }
}

async function execute(order: Order): Promise<Result> {
  switch (order.do) {
    case "start":
      runtime = await start(order);
      break;
    case "create": {
      const session = await create(order);
      sessions.set(order.session, session);
      return {
        kind: "session",
        inputs: ports(session, "input"),
        outputs: ports(session, "output"),
      };
    }
    case "release": {
      const session = sessions.get(order.session);
      sessions.delete(order.session);
      if (session !== undefined && !("failure" in session)) await session.release();
      break;
    }
    case "put":
      values.set(order.value, { tensor: order.tensor });
      break;
    case "run":
      await run(order);
      break;
    case "free":
      values.delete(order.value);
      break;
    case "read": {
      const tensor = held(order.value);
      return { kind: "tensor", tensor: { ...tensor, data: tensor.data.slice() } as HostTensor };
    }
    case "settle": {
      const reason = failure;
      failure = undefined;
      if (reason !== undefined) throw new Error(reason);
      break;
    }
  }
  return { kind: "done" };
}

async function start(
  { provider, threads }: Extract<Order, { readonly do: "start" }>,
): Promise<NonNullable<typeof runtime>> {
  if (provider === "wasm") {
    const module = await import("onnxruntime-web");
    module.env.wasm.numThreads = threads;
    const binary = await readBinary();
    if (binary !== undefined) module.env.wasm.wasmBinary = binary;
    return { module, provider };
  }
  // This build takes what a worker of Deno calls its location for a page's, and fails on it.
  Reflect.deleteProperty(globalThis, "location");
  const module = await import("onnxruntime-web/webgpu") as Runtime;
  module.env.wasm.numThreads = 1; // its threads need blob: workers, which Deno has not
  return { module, provider };
}

/**
 * The runtime's code, which is read here so that a missing permission is told at once. Where packages are not files beside each
 * other, as in a page, the runtime looks for it itself.
 *
 * @throws If it may not be read.
 */
async function readBinary(): Promise<ArrayBuffer | undefined> {
  let location: string;
  try {
    location = import.meta.resolve("onnxruntime-web");
  } catch {
    return undefined;
  }
  if (!location.startsWith("file:")) return undefined;
  return await (await fetch(new URL("ort-wasm-simd-threaded.wasm", location))).arrayBuffer();
}

function create(
  { model, external, optimize }: Extract<Order, { readonly do: "create" }>,
): Promise<InferenceSession> {
  const { module, provider } = started();
  return module.InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: 4, // what fails is thrown; the runtime would write it to the terminal as well
    graphOptimizationLevel: optimize ? "all" : "disabled",
    ...(external.length === 0
      ? {}
      : { externalData: external.map(({ path, data }) => ({ path, data })) }),
  });
}

async function run(
  { session: id, inputs, outputs }: Extract<Order, { readonly do: "run" }>,
): Promise<void> {
  const { module } = started();
  const session = sessions.get(id);
  if (session === undefined) throw new Error("the program is disposed");
  if ("failure" in session) throw new Error(session.failure);
  const feeds: Record<string, Tensor> = {};
  for (const { name, from, as, dims } of inputs) {
    const tensor = typeof from === "number" ? held(from) : from;
    feeds[name] = toRuntime(module.Tensor, tensor, { as, dims });
  }
  const names = outputs.map(({ name }) => name);
  const results = await session.run(feeds, names, { logSeverityLevel: 4 });
  for (const { name, to, as, shape } of outputs) {
    const tensor = await fromRuntime(results[name]!, as);
    if (as !== undefined && tensor.dtype !== as || shape && !sameShape(tensor.shape, shape)) {
      const wanted = describe({ dtype: as ?? tensor.dtype, shape: shape ?? tensor.shape });
      throw new Error(`output ${name} is ${describe(tensor)}, not ${wanted}`);
    }
    values.set(to, { tensor });
  }
}

function started(): NonNullable<typeof runtime> {
  if (runtime === undefined) throw new Error("the runtime was not started");
  return runtime;
}

function held(id: number): HostTensor {
  const found = values.get(id);
  if (found === undefined) throw new Error("the value is disposed");
  if ("failure" in found) throw new Error(found.failure);
  return found.tensor;
}

function ports(session: InferenceSession, side: "input" | "output"): readonly OrtPort[] {
  return session[`${side}Metadata`].map((port) =>
    port.isTensor
      ? { name: port.name, type: port.type, shape: [...port.shape] }
      : { name: port.name, type: "not a tensor", shape: [] }
  );
}
