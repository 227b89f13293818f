/**
 * Somebody's ONNX model in the runtime.
 *
 * @module
 */
import type { TensorSpec } from "../../graph/tensor_spec.ts";
import { DisposedError, type RunInput, type Value } from "../backend.ts";
import { feedOf } from "./program.ts";
import type { OrtPort, OrtType } from "./protocol.ts";
import type { Runtime, RuntimeSession } from "./runtime.ts";
import { OnnxruntimeValue } from "./value.ts";

/** An input of {@linkcode OnnxruntimeModel.run}. */
export interface ModelFeed {
  /** The tensor. */
  readonly input: RunInput;
  /** The type that the file takes; fractions are cut off where that is one of whole numbers. */
  readonly as?: OrtType;
  /** The sizes that the file takes, where they are not the tensor's; one number is repeated. */
  readonly dims?: readonly number[];
}

/** A model that was not traced here: it is known by the names, types and sizes of its inputs and outputs. */
export class OnnxruntimeModel implements Disposable {
  /** What it takes. */
  readonly inputs: readonly OrtPort[];
  /** What it gives. */
  readonly outputs: readonly OrtPort[];
  readonly #runtime: Runtime;
  readonly #session: number;
  #disposed = false;

  /** Made by the backend's `open`. */
  constructor(runtime: Runtime, { id, inputs, outputs }: RuntimeSession) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#runtime = runtime;
    this.#session = id;
  }

  /**
   * Runs it; does not wait.
   *
   * @param feeds Inputs by the file's names.
   * @param outputs The outputs that are wanted, by the file's names, and what they will be; halves become floats where an `f32`
   * is wanted. That the file keeps to it is known only when a value is read.
   */
  run(
    feeds: Readonly<Record<string, ModelFeed>>,
    outputs: Readonly<Record<string, TensorSpec>>,
  ): Record<string, Value> {
    if (this.#disposed) throw new DisposedError("Cannot run a model: it is disposed");
    const runtime = this.#runtime;
    const inputs = Object.entries(feeds).map(([name, { input, as, dims }]) => ({
      ...feedOf(input, { name, runtime }),
      as,
      dims,
    }));
    const fetches = Object.entries(outputs).map(([name, { dtype, shape }]) => ({
      name,
      to: runtime.fresh(),
      as: dtype,
      shape,
    }));
    runtime.run(this.#session, { inputs, outputs: fetches });
    return Object.fromEntries(
      fetches.map(({ name, to }) => [
        name,
        new OnnxruntimeValue(outputs[name]!, { runtime, id: to }),
      ]),
    );
  }

  /** Frees it in the runtime. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runtime.release(this.#session);
  }
}
