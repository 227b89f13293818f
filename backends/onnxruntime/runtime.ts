/**
 * ONNX Runtime in its worker, as the backend sees it.
 *
 * @module
 */
import type { HostTensor } from "../../graph/tensor_spec.ts";
import { threadProbe } from "./thread_probe.ts";
import type {
  Answer,
  ExternalFile,
  Order,
  OrtPort,
  Provider,
  Result,
  RunFeed,
  RunFetch,
  ValueId,
} from "./protocol.ts";

/** The runtime failed, or does not take what it was given. */
export class OnnxRuntimeError extends Error {
  /** The name of this class. */
  override name = "OnnxRuntimeError";
}

/** What the runtime says where it has not enough memory. */
const NO_MEMORY = /bad_alloc|ERROR_CODE: 6|Integer overflow|Tensor shape is too large|OOM/;

function explained(reason: string): string {
  if (!NO_MEMORY.test(reason)) return reason;
  return "ONNX Runtime has not enough memory for this: WebAssembly has 4 GB for everything. Smaller pictures or tiles " +
    `need less; the backend webgpu has no such limit (${reason})`;
}

/** A model in the runtime. */
export interface RuntimeSession {
  /** Its number. */
  readonly id: number;
  /** What it takes, as the runtime read it. */
  readonly inputs: readonly OrtPort[];
  /** What it gives. */
  readonly outputs: readonly OrtPort[];
}

/** Settings of {@linkcode startRuntime}. */
export interface RuntimeOptions {
  /** What computes. */
  readonly provider: Provider;
  /** Threads of the WebAssembly provider. */
  readonly threads: number;
  /**
   * Milliseconds in which several threads have to show that they work. In some starts of the runtime one of them is gone before
   * its first work, and the runtime then waits for it for ever; it is started again then, with one thread. Default 4000.
   */
  readonly patience?: number;
}

/** A running worker. Its orders are done in the order in which they were given. */
export class Runtime implements Disposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve(result: Result): void; reject(reason: Error): void }
  >();
  /** Threads that compute. */
  readonly threads: number;
  /** Threads that were asked for: more than there are if several did not work. */
  readonly asked: number;
  #next = 0;
  #ended: OnnxRuntimeError | undefined;

  private constructor(
    worker: Worker,
    { threads, asked }: { readonly threads: number; readonly asked: number },
  ) {
    this.#worker = worker;
    this.threads = threads;
    this.asked = asked;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const asked = this.#waiting.get(data.reply);
      this.#waiting.delete(data.reply);
      if (data.ok) asked?.resolve(data.result);
      else asked?.reject(new OnnxRuntimeError(explained(data.reason)));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new OnnxRuntimeError(`ONNX Runtime's worker failed: ${event.message}`));
    };
  }

  /**
   * Starts a worker, with one thread if several do not work.
   *
   * @throws {OnnxRuntimeError} If it does not: its files cannot be read, say.
   */
  static async start(options: RuntimeOptions): Promise<Runtime> {
    const { provider, threads, patience = 4000 } = options;
    for (const count of threads === 1 ? [1] : [threads, 1]) {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      const runtime = new Runtime(worker, { threads: count, asked: threads });
      try {
        await runtime.#ask({ do: "start", provider, threads: count });
        if (count === 1 || await runtime.#threadsWork(patience)) return runtime;
      } catch (error) {
        runtime[Symbol.dispose]();
        throw error;
      }
      runtime[Symbol.dispose]();
    }
    throw new OnnxRuntimeError(`Cannot start ONNX Runtime with ${threads} threads`);
  }

  /** Whether it can run something that is shared out among the threads, within some milliseconds. */
  async #threadsWork(patience: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), patience);
    });
    const probe = async () => {
      const { model, inputs, output } = await threadProbe();
      const session = this.create(model);
      const to = this.fresh();
      const feeds = Object.entries(inputs).map(([name, from]) => ({ name, from }));
      this.run(session, { inputs: feeds, outputs: [{ name: output, to }] });
      await this.read(to);
      this.free(to);
      this.release(session);
      return true as const;
    };
    const probing = probe();
    probing.catch(() => {}); // it is ended with the worker
    try {
      return await Promise.race([probing, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes somebody's model runnable. Its bytes are given away.
   *
   * @throws {OnnxRuntimeError} If the runtime does not take it.
   */
  async open(
    model: Uint8Array<ArrayBuffer>,
    external: readonly ExternalFile[] = [],
  ): Promise<RuntimeSession> {
    const id = this.fresh();
    const order = { do: "create", session: id, model, external, optimize: true } as const;
    const result = await this.#ask(order, buffersOf(model, external));
    if (result.kind !== "session") throw new OnnxRuntimeError("the worker gave no session");
    return { id, inputs: result.inputs, outputs: result.outputs };
  }

  /**
   * Makes a model of ours runnable, without waiting for it: while the worker is at it, the next graph can be written. Should the
   * runtime refuse it, whoever reads an output is told. Its bytes are given away.
   */
  create(model: Uint8Array<ArrayBuffer>, external: readonly ExternalFile[] = []): number {
    const session = this.fresh();
    const order = { do: "create", session, model, external, optimize: false } as const;
    this.#tell(order, buffersOf(model, external));
    return session;
  }

  /** Forgets a model. */
  release(session: number): void {
    if (this.#ended === undefined) this.#tell({ do: "release", session });
  }

  /** A number for a value or a session that nothing has yet. */
  fresh(): ValueId {
    return this.#next++;
  }

  /** Gives the worker a value. The tensor is copied. */
  put(value: ValueId, tensor: HostTensor): void {
    this.#tell({ do: "put", value, tensor });
  }

  /** Runs a model. If that fails, whoever reads its outputs or waits is told. */
  run(
    session: number,
    { inputs, outputs }: {
      readonly inputs: readonly RunFeed[];
      readonly outputs: readonly RunFetch[];
    },
  ): void {
    this.#tell({ do: "run", session, inputs, outputs });
  }

  /** Forgets a value. */
  free(value: ValueId): void {
    if (this.#ended === undefined) this.#tell({ do: "free", value });
  }

  /**
   * A value's elements, when all that was ordered before is done.
   *
   * @throws {OnnxRuntimeError} If what should have made it failed.
   */
  async read(value: ValueId): Promise<HostTensor> {
    const result = await this.#ask({ do: "read", value });
    if (result.kind !== "tensor") throw new OnnxRuntimeError("the worker gave no tensor");
    return result.tensor;
  }

  /**
   * All that was ordered is done.
   *
   * @throws {OnnxRuntimeError} If some of it failed and nobody was told yet.
   */
  async settled(): Promise<void> {
    await this.#ask({ do: "settle" });
  }

  #tell(order: Order, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#ended !== undefined) throw this.#ended;
    this.#worker.postMessage(order, [...transfer]);
  }

  #ask(
    order: WithoutReply<Extract<Order, { readonly reply?: number }>>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Result> {
    const reply = this.fresh();
    return new Promise((resolve, reject) => {
      this.#waiting.set(reply, { resolve, reject });
      try {
        this.#tell({ ...order, reply } as Order, transfer);
      } catch (error) {
        this.#waiting.delete(reply);
        reject(error as Error);
      }
    });
  }

  #end(reason: OnnxRuntimeError): void {
    this.#ended ??= reason;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  /** Ends the worker; whoever waits for it is told. */
  [Symbol.dispose](): void {
    this.#end(new OnnxRuntimeError("the backend is disposed"));
  }
}

function buffersOf(
  model: Uint8Array<ArrayBuffer>,
  external: readonly ExternalFile[],
): readonly ArrayBuffer[] {
  return [model, ...external.map(({ data }) => data)].map(({ buffer }) => buffer);
}

/** Each order without its reply. */
type WithoutReply<T> = T extends unknown ? Omit<T, "reply"> : never;
