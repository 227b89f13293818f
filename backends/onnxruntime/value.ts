/**
 * Tensors in ONNX Runtime's worker.
 *
 * @module
 */
import { describe, type HostTensor, type TensorSpec } from "../../graph/tensor_spec.ts";
import { DisposedError, type Value } from "../backend.ts";
import type { ValueId } from "./protocol.ts";
import type { Runtime } from "./runtime.ts";

/** Where a value is: here until a program wants it, then in the worker. */
type Place =
  | { readonly tensor: HostTensor }
  | { readonly runtime: Runtime; readonly id: ValueId }
  | undefined;

/** A tensor that programs of this backend take and give. */
export class OnnxruntimeValue implements Value {
  readonly spec: TensorSpec;
  #place: Place;

  /** A tensor that is given away, or one that the worker makes. */
  constructor(spec: TensorSpec, place: NonNullable<Place>) {
    this.spec = { dtype: spec.dtype, shape: spec.shape };
    this.#place = place;
  }

  /** Its number in the worker, which is given it now if it has not got it. */
  idIn(runtime: Runtime): ValueId {
    const place = this.#here();
    if ("id" in place) return place.id;
    const id = runtime.fresh();
    runtime.put(id, place.tensor);
    this.#place = { runtime, id };
    return id;
  }

  /** @throws {DisposedError} If it is disposed. */
  check(): void {
    this.#here();
  }

  /** Becomes what the worker makes under another number. */
  become(runtime: Runtime, id: ValueId): void {
    this.#here();
    this.#free();
    this.#place = { runtime, id };
  }

  async read(): Promise<HostTensor> {
    const place = this.#here();
    if ("id" in place) return await place.runtime.read(place.id);
    return { ...place.tensor, data: place.tensor.data.slice() } as HostTensor;
  }

  #here(): NonNullable<Place> {
    if (this.#place === undefined) {
      throw new DisposedError(`Cannot use a value ${describe(this.spec)}: it is disposed`);
    }
    return this.#place;
  }

  #free(): void {
    if (this.#place !== undefined && "id" in this.#place) {
      this.#place.runtime.free(this.#place.id);
    }
  }

  [Symbol.dispose](): void {
    this.#free();
    this.#place = undefined;
  }
}
