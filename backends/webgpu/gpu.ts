/**
 * A GPU as the backend sees it: one `GPUDevice` with its faults made errors, its waits and bytes counted, its pipelines and
 * buffers kept for the next who needs them.
 *
 * Faults of WebGPU arrive later, as events and through error scopes. A fault is kept and thrown once, by the next wait, with
 * the name of what was asked for; what it spoiled stays invalid, so that using it is the next fault, and all else goes on.
 * After a loss every call throws.
 *
 * @module
 */
import { DeviceError } from "./device_error.ts";
import type { GpuTraits } from "./kernel.ts";

/** How much memory a backend has allocated on its device. */
export interface MemoryUse {
  /** Bytes now, kept buffers included. */
  readonly bytes: number;
  /** The most there ever were. */
  readonly peak: number;
}

/** The bits of `GPUBufferUsage` and `GPUMapMode`, which not every host has as globals. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;

/** Kept buffers beyond this many bytes are destroyed instead. */
const KEPT_BYTES = 256 * 1024 * 1024;

interface Kept {
  readonly buffers: Map<number, GPUBuffer[]>;
  bytes: number;
}

/** One device. */
export class Gpu {
  readonly device: GPUDevice;
  readonly traits: GpuTraits;
  /** Bytes uploaded since the last wait. */
  pendingUpload = 0;
  /** How often this device was waited for. */
  waits = 0;
  #bytes = 0;
  #peak = 0;
  #lost: DeviceError | undefined;
  #fault: Error | undefined;
  /** Rejects when the device is lost; never settles otherwise. */
  readonly #loss: Promise<never>;
  readonly #checks = new Set<Promise<void>>();
  /** Buffers that were not allocated, and why. */
  readonly #spoiled = new WeakMap<GPUBuffer, DeviceError>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #values: Kept = { buffers: new Map(), bytes: 0 };
  readonly #staging: Kept = { buffers: new Map(), bytes: 0 };
  #closed = false;

  /** Takes charge of a device. */
  constructor(device: GPUDevice, traits: GpuTraits) {
    this.device = device;
    this.traits = traits;
    this.#loss = device.lost.then(({ reason, message }) => {
      this.#lost = new DeviceError(
        "lost",
        this.#closed
          ? "Cannot use the GPU: its backend was disposed"
          : `Cannot go on with the GPU: the device was lost (${reason || "unknown"}${
            message ? `: ${message}` : ""
          }); a new backend is needed`,
      );
      throw this.#lost;
    });
    // A loss is reported by the next call, not as an unhandled rejection.
    this.#loss.catch(() => {});
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { message } = (event as GPUUncapturedErrorEvent).error;
      this.#fault ??= new DeviceError("validation", `Cannot go on with the GPU: ${message}`);
    });
  }

  /** @throws {DeviceError} If the device is gone. */
  check(): void {
    if (this.#closed) {
      throw new DeviceError("lost", "Cannot use the GPU: its backend was disposed");
    }
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** Bytes on the device. */
  memory(): MemoryUse {
    return { bytes: this.#bytes, peak: this.#peak };
  }

  /** How many different pipelines were made. */
  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  /**
   * Reserves memory. What is wrong with it is thrown by the next wait.
   *
   * @param purpose For messages: `weights of unet`.
   * @throws {DeviceError} If it is larger than a buffer may be.
   */
  allocate(
    bytes: number,
    { purpose, usage = USAGE.storage | USAGE.copySource | USAGE.copyTarget }: {
      readonly purpose: string;
      readonly usage?: number;
    },
  ): GPUBuffer {
    this.check();
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    const most = this.traits.limits.maxBufferSize;
    if (size > most) {
      throw new DeviceError(
        "memory",
        `Cannot allocate ${size} bytes for ${purpose}: a buffer of this device holds ${most} at most`,
      );
    }
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    let buffer: GPUBuffer | undefined;
    let thrown: unknown;
    try {
      buffer = this.device.createBuffer({ size, usage });
    } catch (error) {
      thrown = error;
    }
    const failed = (error: GPUError | null) => {
      if (error === null) return;
      const fault = this.#noMemory(size, purpose, error.message);
      this.#fault ??= fault;
      if (buffer !== undefined) this.#spoiled.set(buffer, fault);
    };
    this.#watch(this.device.popErrorScope().then(failed));
    this.#watch(this.device.popErrorScope().then(failed));
    if (buffer === undefined) throw this.#noMemory(size, purpose, String(thrown));
    this.#bytes += size;
    this.#peak = Math.max(this.#peak, this.#bytes);
    return buffer;
  }

  #noMemory(size: number, purpose: string, why: string): DeviceError {
    return new DeviceError(
      "memory",
      `Cannot allocate ${size} bytes for ${purpose}: ${why} (${this.#bytes} bytes are in use)`,
    );
  }

  /** Keeps a promise of an error scope until it is settled. */
  #watch(check: Promise<void>): void {
    const settled = check.catch(() => {}).finally(() => this.#checks.delete(settled));
    this.#checks.add(settled);
  }

  /** Whether a buffer is known not to have been allocated. */
  isSpoiled(buffer: GPUBuffer): boolean {
    return this.#spoiled.has(buffer);
  }

  /** Frees memory. */
  free(buffer: GPUBuffer): void {
    this.#bytes -= buffer.size;
    buffer.destroy();
  }

  /** A buffer for a tensor, perhaps one that another tensor no longer needs. */
  takeValue(bytes: number, purpose: string): GPUBuffer {
    return this.#take(this.#values, Math.max(256, Math.ceil(bytes / 256) * 256)) ??
      this.allocate(bytes, { purpose });
  }

  /** Gives back what {@linkcode takeValue} gave. */
  giveValue(buffer: GPUBuffer): void {
    this.#give(this.#values, buffer);
  }

  #take(kept: Kept, size: number): GPUBuffer | undefined {
    const buffer = kept.buffers.get(size)?.pop();
    if (buffer !== undefined) kept.bytes -= size;
    return buffer;
  }

  #give(kept: Kept, buffer: GPUBuffer): void {
    if (this.#closed || this.#spoiled.has(buffer) || kept.bytes + buffer.size > KEPT_BYTES) {
      this.free(buffer);
      return;
    }
    const same = kept.buffers.get(buffer.size);
    if (same === undefined) kept.buffers.set(buffer.size, [buffer]);
    else same.push(buffer);
    kept.bytes += buffer.size;
  }

  /** A buffer with these words, for sizes. */
  uniformBuffer(words: Uint32Array<ArrayBuffer>, purpose: string): GPUBuffer {
    const buffer = this.allocate(words.byteLength, {
      purpose,
      usage: USAGE.uniform | USAGE.copyTarget,
    });
    this.write(buffer, words);
    return buffer;
  }

  /** Enqueues a copy from host memory; the length must be a multiple of four bytes. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.check();
    // wgpu refuses to write nothing, and not every runtime survives that.
    if (data.byteLength === 0) return;
    this.#guarded("upload", () => this.device.queue.writeBuffer(buffer, offset, data));
    this.pendingUpload += data.byteLength;
  }

  /** Does what may be refused; the next wait throws why, and `refused` is called before. */
  #guarded(action: string, body: () => void, refused?: () => void): void {
    this.device.pushErrorScope("validation");
    body();
    this.#watch(
      this.device.popErrorScope().then((error) => {
        if (error === null) return;
        this.#fault ??= new DeviceError("validation", `Cannot ${action}: ${error.message}`);
        refused?.();
      }),
    );
  }

  /**
   * A pipeline for a shader; the same one for the same text.
   *
   * @throws {DeviceError} If the shader does not compile, with what the compiler says.
   */
  pipeline(wgsl: string, label: string): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(wgsl);
    if (known !== undefined) return known;
    this.check();
    const made = this.#compile(wgsl, label);
    this.#pipelines.set(wgsl, made);
    made.catch(() => this.#pipelines.delete(wgsl));
    return made;
  }

  async #compile(wgsl: string, label: string): Promise<GPUComputePipeline> {
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ code: wgsl, label });
    const scope = this.device.popErrorScope();
    const fail = (why: string, cause?: unknown) =>
      new DeviceError(
        "shader",
        `Cannot compile the kernel ${label}: ${why}\n${
          wgsl.split("\n").map((line, at) => `${at + 1}: ${line}`).join("\n")
        }`,
        { cause },
      );
    const error = await scope;
    if (error !== null) throw fail(error.message, error);
    try {
      return await Promise.race([
        this.device.createComputePipelineAsync({
          label,
          layout: "auto",
          compute: { module, entryPoint: "main" },
        }),
        this.#loss,
      ]);
    } catch (cause) {
      this.check();
      throw fail(cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  /** Waits until all that was submitted is done. */
  async settled(): Promise<void> {
    this.check();
    this.waits++;
    // What was only written travels with the next submission.
    this.device.queue.submit([]);
    await Promise.race([this.device.queue.onSubmittedWorkDone(), this.#loss]);
    this.pendingUpload = 0;
    await this.faults();
  }

  /** Waits for outstanding error scopes (not for the device) and throws what they found, once. */
  async faults(): Promise<void> {
    if (this.#checks.size > 0) await Promise.race([Promise.all(this.#checks), this.#loss]);
    this.check();
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
  }

  /** Waits as {@linkcode faults} does, and throws if one of these buffers was not allocated, whoever was told of it. */
  async allocated(buffers: readonly GPUBuffer[]): Promise<void> {
    await this.faults();
    for (const buffer of buffers) {
      const fault = this.#spoiled.get(buffer);
      if (fault !== undefined) throw fault;
    }
  }

  /**
   * Submits commands; what the implementation finds wrong with them is thrown by the next wait.
   *
   * @param refused Called if there is something wrong.
   */
  submit(encoder: GPUCommandEncoder, purpose: string, refused?: () => void): void {
    this.#guarded(purpose, () => this.device.queue.submit([encoder.finish()]), refused);
  }

  /** Waits for the device and copies a buffer's first bytes to host memory. */
  async read(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    this.check();
    this.waits++;
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    const staging = this.#take(this.#staging, size) ?? this.allocate(size, {
      purpose: "reading a tensor",
      usage: USAGE.mapRead | USAGE.copyTarget,
    });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    this.submit(encoder, "read a tensor");
    try {
      await Promise.race([staging.mapAsync(MAP_READ, 0, size), this.#loss]);
    } catch (cause) {
      await this.faults();
      throw new DeviceError("validation", `Cannot read ${bytes} bytes from the GPU: ${cause}`, {
        cause,
      });
    }
    const data = staging.getMappedRange(0, size).slice(0, bytes);
    staging.unmap();
    this.#give(this.#staging, staging);
    this.pendingUpload = 0;
    await this.faults();
    return data;
  }

  /** Frees everything and the device, if it is ours. */
  close({ destroy }: { readonly destroy: boolean }): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const kept of [this.#values, this.#staging]) {
      for (const buffers of kept.buffers.values()) buffers.forEach((buffer) => this.free(buffer));
      kept.buffers.clear();
    }
    this.#pipelines.clear();
    if (destroy) this.device.destroy();
  }
}
