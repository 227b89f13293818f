/** Tensors on the GPU. @module */
import { DisposedError, type Value } from "../backend.ts";
import {
  allocate,
  describe,
  type HostTensor,
  sizeOf,
  type TensorSpec,
} from "../../graph/tensor_spec.ts";
import { DeviceError, NonFiniteError } from "./device_error.ts";
import type { Gpu } from "./gpu.ts";

/** The elements of a host tensor as they are stored: a 32-bit word each. */
export function toWords(
  tensor: HostTensor,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  switch (tensor.dtype) {
    case "f32":
      return unshared(tensor.data);
    case "f16":
      return new Float32Array(tensor.data);
    case "i32":
      return tensor.data.buffer instanceof ArrayBuffer
        ? tensor.data as Int32Array<ArrayBuffer>
        : new Int32Array(tensor.data);
    case "u8":
      return new Uint32Array(tensor.data);
  }
}

/** Floats in memory of this thread alone, which is all that WebGPU takes. */
export function unshared(data: Float32Array): Float32Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer
    ? data as Float32Array<ArrayBuffer>
    : new Float32Array(data);
}

/** A tensor in a buffer. */
export class DeviceValue implements Value {
  readonly spec: TensorSpec;
  readonly gpu: Gpu;
  /** The program's name of it, if a program made it. */
  output: string | undefined;
  /** Changes whenever the elements do. */
  version = 0;
  #buffer: GPUBuffer | undefined;

  /** A tensor without elements yet. */
  constructor(gpu: Gpu, spec: TensorSpec) {
    const bytes = 4 * sizeOf(spec.shape);
    if (bytes > gpu.traits.limits.maxBufferSize) {
      throw new DeviceError(
        "memory",
        `Cannot keep ${describe(spec)} on the GPU: it takes ${bytes} bytes, a buffer holds ` +
          `${gpu.traits.limits.maxBufferSize}`,
      );
    }
    this.gpu = gpu;
    this.spec = spec;
    this.#buffer = gpu.takeValue(bytes, describe(spec));
  }

  /** Bytes of its elements on the device. */
  get bytes(): number {
    return 4 * sizeOf(this.spec.shape);
  }

  /** @throws {DisposedError} If it was disposed. */
  get buffer(): GPUBuffer {
    if (this.#buffer === undefined) {
      throw new DisposedError(`Cannot use a tensor ${describe(this.spec)}: it was disposed`);
    }
    return this.#buffer;
  }

  /** @throws {DisposedError} If it was disposed. */
  check(): void {
    void this.buffer;
  }

  async read(): Promise<HostTensor> {
    const raw = await this.gpu.read(this.buffer, this.bytes);
    const { shape, dtype } = this.spec;
    switch (dtype) {
      case "f32":
        this.#checkFinite(raw);
        return { dtype, shape, data: new Float32Array(raw) };
      case "f16": {
        this.#checkFinite(raw);
        const data = allocate("f16", sizeOf(shape));
        data.set(new Float32Array(raw));
        return { dtype, shape, data };
      }
      case "i32":
        return { dtype, shape, data: new Int32Array(raw) };
      case "u8":
        return { dtype, shape, data: new Uint8Array(new Uint32Array(raw)) };
    }
  }

  /** By the bits: comparisons of NaN with itself are not to be trusted on a device, and here it is one pass over the copy. */
  #checkFinite(raw: ArrayBuffer): void {
    if (this.output === undefined) return;
    const bits = new Uint32Array(raw);
    let count = 0;
    let first = -1;
    for (let at = 0; at < bits.length; at++) {
      if ((bits[at]! & 0x7f800000) === 0x7f800000) {
        if (count === 0) first = at;
        count++;
      }
    }
    if (count > 0) throw new NonFiniteError(this.output, { count, size: bits.length, first });
  }

  [Symbol.dispose](): void {
    if (this.#buffer === undefined) return;
    this.gpu.giveValue(this.#buffer);
    this.#buffer = undefined;
  }
}
