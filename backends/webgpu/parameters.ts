/**
 * A model's weights on the device. Each is streamed from its file when the first program asks for it, in the layout that the
 * program's op wants; layouts depend on op and shape only, so programs of all sizes share one copy.
 *
 * @module
 */
import {
  DisposedError,
  type Parameters,
  type ParameterSource,
  type Precision,
} from "../backend.ts";
import { sizeOf } from "../../graph/tensor_spec.ts";
import { unshared } from "./device_value.ts";
import { bind } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";
import type { Layout, Part } from "./kernel.ts";
import { layoutWords, planLayout, weightParts } from "./kernels/layout.ts";

/** A weight in its buffers. */
export interface StoredParameter {
  readonly layout: Layout;
  readonly parts: readonly (Part & { readonly buffer: GPUBuffer; readonly bytes: number })[];
}

/** Bytes that are read from the file at once. */
const CHUNK_BYTES = 32 * 1024 * 1024;
/** The device is waited for whenever so many bytes are under way: until then the implementation keeps a copy of each. */
const UPLOAD_BYTES = 256 * 1024 * 1024;

/** Weights from a {@linkcode ParameterSource}. */
export class DeviceParameters implements Parameters {
  readonly source: ParameterSource;
  readonly precision: Precision;
  readonly gpu: Gpu;
  readonly #stored = new Map<string, Promise<StoredParameter>>();
  readonly #forget: () => void;
  #disposed = false;

  /**
   * Nothing is read yet.
   *
   * @param options.forget Called when they are disposed.
   */
  constructor(
    gpu: Gpu,
    options: {
      readonly source: ParameterSource;
      readonly precision: Precision;
      readonly forget: () => void;
    },
  ) {
    this.gpu = gpu;
    this.#forget = options.forget;
    this.source = options.source;
    this.precision = options.precision;
  }

  /** @throws {DisposedError} If they were disposed. */
  check(): void {
    if (this.#disposed) {
      throw new DisposedError(
        `Cannot use weights of ${this.source.description}: they were disposed`,
      );
    }
  }

  /**
   * A weight of `shape` in a layout; read at the first call.
   *
   * @param options.whole In one part, though it may be larger than a binding.
   */
  get(
    name: string,
    options: {
      readonly shape: readonly number[];
      readonly layout: Layout;
      readonly whole?: boolean;
    },
  ): Promise<StoredParameter> {
    this.check();
    const { shape, layout, whole = false } = options;
    const { limits } = this.gpu.traits;
    const purpose = `weight ${name} of ${this.source.description}`;
    const parts = whole
      ? [{ start: 0, end: shape[0] ?? 1 }]
      : weightParts(layout, { shape, limits, purpose });
    const key = JSON.stringify([name, shape, layout.order, layout.half, parts.length]);
    const known = this.#stored.get(key);
    if (known !== undefined) return known;
    const loading = this.#load({ name, shape, layout, parts, purpose });
    this.#stored.set(key, loading);
    loading.catch(() => this.#stored.delete(key));
    return loading;
  }

  async #load(
    { name, shape, layout, parts: planned, purpose }: {
      readonly name: string;
      readonly shape: readonly number[];
      readonly layout: Layout;
      readonly parts: readonly Part[];
      readonly purpose: string;
    },
  ): Promise<StoredParameter> {
    const gpu = this.gpu;
    const inner = sizeOf(shape.slice(1));
    const parts = planned.map((part) => {
      const bytes = 4 * layoutWords(layout, { shape, part });
      return { ...part, buffer: gpu.allocate(bytes, { purpose }), bytes };
    });
    try {
      await gpu.allocated(parts.map(({ buffer }) => buffer));
      const row = sizeOf(this.source.tensors.get(name)!.shape.slice(1));
      const chunk = Math.max(4, Math.floor(Math.max(CHUNK_BYTES / 4, row) / inner / 4) * 4);
      for (const part of parts) {
        for (let start = part.start; start < part.end; start += chunk) {
          const end = Math.min(start + chunk, part.end);
          const data = await this.#read(name, { shape, rows: { start, end }, purpose });
          await this.#place(data, { shape, layout, rows: { start, end }, part, purpose });
        }
      }
    } catch (error) {
      for (const { buffer } of parts) gpu.free(buffer);
      throw error;
    }
    if (this.#disposed) {
      for (const { buffer } of parts) gpu.free(buffer);
      throw new DisposedError(`Cannot use ${purpose}: it was disposed`);
    }
    return { layout, parts };
  }

  /** Reads rows of a weight as `shape` has them; the file's rows may be others, and those around them are read. */
  async #read(
    name: string,
    { shape, rows: { start, end }, purpose }: {
      readonly shape: readonly number[];
      readonly rows: Part;
      readonly purpose: string;
    },
  ): Promise<Float32Array> {
    const inner = sizeOf(shape.slice(1));
    const whole = start === 0 && end === (shape[0] ?? 1);
    const row = sizeOf(this.source.tensors.get(name)!.shape.slice(1));
    const first = whole ? 0 : Math.floor(start * inner / row);
    const last = Math.ceil(end * inner / row);
    const data = await (whole ? this.source.read(name) : this.source.read(name, [first, last]));
    const wanted = whole ? end * inner : (last - first) * row;
    if (data.length !== wanted) {
      throw new RangeError(
        `Cannot load ${purpose}: rows ${first} to ${last} have ${data.length} numbers, not ${wanted}`,
      );
    }
    return data.subarray(start * inner - first * row, end * inner - first * row);
  }

  /** Uploads rows, and rearranges them on the device if their layout is another. */
  async #place(
    data: Float32Array,
    options: {
      readonly shape: readonly number[];
      readonly layout: Layout;
      readonly rows: Part;
      readonly part: Part & { readonly buffer: GPUBuffer; readonly bytes: number };
      readonly purpose: string;
    },
  ): Promise<void> {
    const gpu = this.gpu;
    const { shape, layout, rows, part, purpose } = options;
    const words = unshared(data);
    if (layout.order === "plain" && !layout.half) {
      gpu.write(part.buffer, words, (rows.start - part.start) * sizeOf(shape.slice(1)) * 4);
    } else {
      const pass = planLayout(layout, {
        shape,
        rows,
        part,
        source: { kind: "input", index: 0, part: 0 },
        target: { kind: "output" },
      }, gpu.traits);
      const pipeline = await gpu.pipeline(pass.wgsl, pass.label);
      const staging = gpu.takeValue(words.byteLength, purpose);
      gpu.write(staging, words);
      const uniforms = gpu.uniformBuffer(new Uint32Array(pass.uniforms), purpose);
      const { group, workgroups } = bind(gpu, {
        pass,
        pipeline,
        uniforms,
        offset: 0,
        storage: [{ buffer: staging, bytes: words.byteLength }, part],
        purpose,
      });
      const encoder = gpu.device.createCommandEncoder();
      const compute = encoder.beginComputePass();
      compute.setPipeline(pipeline);
      compute.setBindGroup(0, group);
      compute.dispatchWorkgroups(...workgroups);
      compute.end();
      gpu.submit(encoder, `place ${purpose}`);
      gpu.giveValue(staging);
      gpu.free(uniforms);
    }
    if (gpu.pendingUpload >= UPLOAD_BYTES) await gpu.settled();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#forget();
    for (const loading of this.#stored.values()) {
      loading.then(({ parts }) => parts.forEach(({ buffer }) => this.gpu.free(buffer)), () => {});
    }
    this.#stored.clear();
  }
}
