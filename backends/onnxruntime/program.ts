/**
 * A graph as a session of ONNX Runtime.
 *
 * @module
 */
import { onnxOutputNames } from "../../formats/onnx/lower.ts";
import { type Graph, specsOf } from "../../graph/graph.ts";
import { describe, sameShape, type TensorSpec } from "../../graph/tensor_spec.ts";
import {
  checkInputs,
  DisposedError,
  InputError,
  type Program,
  type RunInput,
  type Value,
} from "../backend.ts";
import type { RunFeed } from "./protocol.ts";
import type { Runtime } from "./runtime.ts";
import type { HeldSession } from "./shared_sessions.ts";
import { OnnxruntimeValue } from "./value.ts";

/** What a program is made of. */
export interface OnnxruntimeProgramParts {
  /** The graph that was compiled. */
  readonly graph: Graph;
  /** Where it runs. */
  readonly runtime: Runtime;
  /** Its session, which the program lets go of. */
  readonly session: HeldSession;
  /** Throws if the weights are disposed. */
  readonly check: () => void;
}

/** A compiled graph. Running it sends one order to the worker. */
export class OnnxruntimeProgram implements Program {
  readonly graph: Graph;
  readonly #runtime: Runtime;
  readonly #session: HeldSession;
  readonly #check: () => void;
  readonly #outputs: readonly { readonly name: string; readonly onnx: string; spec: TensorSpec }[];
  #disposed = false;

  /** Made by the backend. */
  constructor({ graph, runtime, session, check }: OnnxruntimeProgramParts) {
    this.graph = graph;
    this.#runtime = runtime;
    this.#session = session;
    this.#check = check;
    const specs = specsOf(graph);
    const names = onnxOutputNames(graph);
    this.#outputs = graph.outputs.map(({ name, id }, at) => ({
      name,
      onnx: names[at]!,
      spec: specs.get(id)!,
    }));
  }

  run(
    inputs: Readonly<Record<string, RunInput>>,
    into: Readonly<Record<string, Value>> = {},
  ): Record<string, Value> {
    if (this.#disposed) throw new DisposedError("Cannot run a program: it is disposed");
    this.#check();
    checkInputs(this.graph, inputs);
    this.#checkInto(into);
    const feeds = this.graph.inputs.map(({ name }) =>
      feedOf(inputs[name]!, { name, runtime: this.#runtime })
    );
    const fetches = this.#outputs.map(({ onnx }) => ({ name: onnx, to: this.#runtime.fresh() }));
    this.#runtime.run(this.#session.session, { inputs: feeds, outputs: fetches });
    const written: Record<string, Value> = {};
    for (const [at, { name, spec }] of this.#outputs.entries()) {
      const id = fetches[at]!.to;
      const target = into[name];
      if (target === undefined) {
        written[name] = new OnnxruntimeValue(spec, { runtime: this.#runtime, id });
      } else {
        (target as OnnxruntimeValue).become(this.#runtime, id);
        written[name] = target;
      }
    }
    return written;
  }

  #checkInto(into: Readonly<Record<string, Value>>): void {
    for (const [name, target] of Object.entries(into)) {
      const output = this.#outputs.find((each) => each.name === name);
      if (output === undefined) {
        throw new InputError(`Cannot write into ${name}: the graph has no such output`);
      }
      const { spec } = output;
      if (
        !(target instanceof OnnxruntimeValue) || target.spec.dtype !== spec.dtype ||
        !sameShape(target.spec.shape, spec.shape)
      ) {
        throw new InputError(
          `Cannot write ${name}, ${describe(spec)}, into ${describe(target.spec)}`,
        );
      }
      target.check();
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#session[Symbol.dispose]();
  }
}

/**
 * An input as the worker is given it.
 *
 * @throws {InputError} If it is another backend's value.
 * @throws {DisposedError} If it is disposed.
 */
export function feedOf(
  input: RunInput,
  { name, runtime }: { readonly name: string; readonly runtime: Runtime },
): RunFeed {
  if (!("spec" in input)) return { name, from: input };
  if (input instanceof OnnxruntimeValue) return { name, from: input.idIn(runtime) };
  throw new InputError(`Cannot run the graph: input ${name} is a value of another backend`);
}
