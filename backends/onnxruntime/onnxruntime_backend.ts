/**
 * Runs graphs by ONNX Runtime: fast where there is no GPU.
 *
 * A graph is written as an ONNX model, weights included, and becomes a session of onnxruntime-web in a worker. Programs of one
 * graph and one checkpoint share a session.
 *
 * @module
 */
import { scoresAtOnce } from "../../formats/onnx/score_blocks.ts";
import type { Graph } from "../../graph/graph.ts";
import { BYTES, type HostTensor, sizeOf } from "../../graph/tensor_spec.ts";
import {
  type Backend,
  checkHostTensor,
  checkWeights,
  type CompileOptions,
  DisposedError,
  InputError,
  type LoadOptions,
  type Parameters,
  type ParameterSource,
  type Value,
} from "../backend.ts";
import { OnnxruntimeModel } from "./model.ts";
import type { ExternalFile, Provider } from "./protocol.ts";
import { OnnxruntimeProgram } from "./program.ts";
import { Runtime } from "./runtime.ts";
import { SharedSessions } from "./shared_sessions.ts";
import { OnnxruntimeValue } from "./value.ts";

/** Settings of {@linkcode onnxruntimeBackend}. */
export interface OnnxruntimeOptions {
  /** `wasm` computes on the CPU; `webgpu` is the runtime's own WebGPU, the peer of the backend `webgpu`. Default `wasm`. */
  readonly provider?: Provider;
  /**
   * Threads of `wasm`. Starting several costs a second, so that by default a first checkpoint of less than 64 MB gets one and a
   * larger one as many as the machine has, up to 8.
   */
  readonly threads?: number;
}

/** {@linkcode onnxruntimeBackend}'s backend. */
export interface OnnxruntimeBackend extends Backend {
  /** Takes the bytes of somebody's ONNX model; they are given away. */
  open(
    model: Uint8Array<ArrayBuffer>,
    external?: readonly ExternalFile[],
  ): Promise<OnnxruntimeModel>;
  /**
   * Starts the runtime and shows that it works; otherwise it is started when the first program is made.
   *
   * @throws {OnnxRuntimeError} If it does not work here: its files cannot be read, say.
   */
  start(): Promise<void>;
  /** How many threads compute; undefined before the start. */
  readonly threads: number | undefined;
}

/** Checkpoints from here on are worth the start of several threads. */
const WORTH_THREADS = 64e6;
/** More threads than that wait for memory more than they compute. */
const MOST_THREADS = 8;

/**
 * A backend over onnxruntime-web. Nothing is started before the first program is compiled.
 *
 * @throws {RangeError} If the number of threads is none.
 *
 * @example
 * ```ts
 * import { f32, hostTensor, mul, NO_WEIGHTS, onnxruntimeBackend, trace } from "@denoise/denoise";
 * import { assertEquals } from "@std/assert";
 *
 * await using backend = onnxruntimeBackend();
 * const graph = trace(({ x }) => ({ twice: mul(x, 2) }), { x: f32(3) });
 * using weights = await backend.load(NO_WEIGHTS);
 * using program = await backend.compile(graph, weights);
 * using twice = program.run({ x: hostTensor([3], [1, 2, 3]) }).twice!;
 * assertEquals([...(await twice.read()).data], [2, 4, 6]);
 * ```
 */
export function onnxruntimeBackend(options: OnnxruntimeOptions = {}): OnnxruntimeBackend {
  const { provider = "wasm", threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new RangeError(`Cannot use ${threads} threads: it must be a whole number from 1`);
  }
  const name = provider === "wasm" ? "onnxruntime" : `onnxruntime(${provider})`;
  const sessions = new SharedSessions();
  let running: Runtime | undefined;
  /** Whether anything is in the worker, so that it cannot be exchanged for another. */
  let used = false;
  let disposed = false;
  let last: Promise<unknown> = Promise.resolve();

  /** The runtime, with more threads than one if there is reason. One call after the other. */
  const start = (weights: number, use: boolean): Promise<Runtime> => {
    const next = last.then(async () => {
      if (disposed) throw new DisposedError(`Cannot use the backend ${name}: it is disposed`);
      const wanted = threads ?? (weights < WORTH_THREADS ? 1 : machineThreads());
      if (running === undefined || (!used && running.threads < wanted && running.asked < wanted)) {
        running?.[Symbol.dispose]();
        running = undefined;
        running = await Runtime.start({ provider, threads: wanted });
      }
      used ||= use;
      return running;
    });
    last = next.catch(() => {});
    return next;
  };

  return {
    name,
    // On the CPU it is a message from the worker; the WebGPU provider waits for its device.
    waitsCheaply: provider === "wasm",
    scoresAtOnce,
    get threads() {
      return running?.threads;
    },
    async start() {
      await start(0, false);
    },
    load(source, loadOptions: LoadOptions = {}) {
      return Promise.resolve(
        new OnnxruntimeParameters(
          loadOptions.precision === "f16" ? inHalves(source) : source,
        ),
      );
    },
    async compile(graph: Graph, parameters: Parameters, _options: CompileOptions = {}) {
      if (!(parameters instanceof OnnxruntimeParameters)) {
        throw new InputError(`Cannot compile on ${name}: the parameters are another backend's`);
      }
      parameters.check();
      checkWeights(graph, parameters.source);
      const runtime = await start(parameters.bytes, true);
      const session = await sessions.get(graph, {
        parameters,
        create: (model, external) => runtime.create(model, external),
        release: (id) => runtime.release(id),
      });
      return new OnnxruntimeProgram({ graph, runtime, session, check: () => parameters.check() });
    },
    async open(model, external = []) {
      const bytes = external.reduce((sum, { data }) => sum + data.length, model.length);
      const runtime = await start(bytes, true);
      return new OnnxruntimeModel(runtime, await runtime.open(model, external));
    },
    upload(tensor: HostTensor): Value {
      checkHostTensor(tensor, "a tensor");
      const copy = { ...tensor, data: tensor.data.slice() } as HostTensor;
      return new OnnxruntimeValue(tensor, { tensor: copy });
    },
    async settled() {
      if (running === undefined) await new Promise((resolve) => setTimeout(resolve, 0));
      else await running.settled();
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await last;
      running?.[Symbol.dispose]();
    },
  };
}

function machineThreads(): number {
  return Math.max(1, Math.min(navigator.hardwareConcurrency ?? 1, MOST_THREADS));
}

/** Weights as half precision would have stored them. */
function inHalves(source: ParameterSource): ParameterSource {
  return {
    description: source.description,
    tensors: source.tensors,
    read: async (name, rows) => new Float32Array(new Float16Array(await source.read(name, rows))),
  };
}

/** Weights are read from their source whenever a session wants them: the runtime keeps its own copy. */
class OnnxruntimeParameters implements Parameters {
  readonly source: ParameterSource;
  #disposed = false;

  constructor(source: ParameterSource) {
    this.source = source;
  }

  /** What all of them take as floats. */
  get bytes(): number {
    let sum = 0;
    for (const { shape } of this.source.tensors.values()) sum += sizeOf(shape) * BYTES.f32;
    return sum;
  }

  check(): void {
    if (this.#disposed) {
      throw new DisposedError("Cannot use a program or weights: the parameters are disposed");
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
  }
}
