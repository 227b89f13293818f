/**
 * The WebGPU backend. A graph is fused into kernels (`passes/fuse.ts`), each kernel is planned as WGSL with its sizes as
 * uniforms (`kernels/`), values get slots by their lifetimes (`passes/memory_plan.ts`), and what remains is a list of
 * pipelines, bind groups and workgroup counts that a run encodes and submits (`program.ts`).
 *
 * Every element on the device is a 32-bit word: floats; integers; bytes as unsigned words; halves as floats that are halves.
 * Only weights may be packed in halves.
 *
 * @module
 */
import {
  type Backend,
  checkWeights,
  type CompileOptions,
  DisposedError,
  type LoadOptions,
  type Parameters,
  type ParameterSource,
  type Program,
  type RunInput,
} from "../backend.ts";
import type { Graph } from "../../graph/graph.ts";
import { describe, sizeOf } from "../../graph/tensor_spec.ts";
import { Arena } from "./arena.ts";
import { DeviceError } from "./device_error.ts";
import { DeviceValue, toWords } from "./device_value.ts";
import { Gpu, type MemoryUse } from "./gpu.ts";
import { DEFAULT_LIMITS, type GpuLimits } from "./kernel.ts";
import { DeviceParameters } from "./parameters.ts";
import { isSoftwareAdapter } from "./software_adapter.ts";
import type { ChooseKernel, ProgramStatistics } from "./plan_program.ts";
import { compileProgram, type KernelTime } from "./program.ts";

/** What is known of the hardware. */
export interface AdapterDescription {
  /** Who made it: `nvidia`, `apple`; may be empty. */
  readonly vendor: string;
  /** A family of devices: `ampere`; may be empty. */
  readonly architecture: string;
  /** What the driver calls it: `NVIDIA H200`, `llvmpipe (LLVM 15.0.6, 256 bits)`; may be empty. */
  readonly description: string;
  /** Whether it is a CPU in disguise. */
  readonly software: boolean;
}

/** Settings of {@linkcode webgpuBackend}. */
export interface WebgpuOptions {
  /** A device to use; it is not destroyed with the backend. By default one is requested from `navigator.gpu`. */
  readonly device?: GPUDevice;
  /** Which adapter to prefer where there are several. Default `high-performance`. */
  readonly powerPreference?: GPUPowerPreference;
  /**
   * Ask for all that the adapter can do, or for WebGPU's default limits; or use less than the device can do, as another
   * device would have it. Default `adapter`.
   */
  readonly limits?: "adapter" | "default" | Partial<GpuLimits>;
  /** Chooses among the kernels that take a node, for tests and tuning. Default: the first. */
  readonly choose?: ChooseKernel;
}

/** A {@linkcode Backend} on a GPU, and what it says of itself. */
export interface WebgpuBackend extends Backend {
  /** The backend's name. */
  readonly name: "webgpu";
  /** The hardware. */
  readonly adapter: AdapterDescription;
  /** The device, for others that want to share it. */
  readonly device: GPUDevice;
  /** How often the device was waited for, reads included. */
  readonly waits: number;
  /** Different pipelines so far. */
  readonly pipelines: number;
  /** Bytes uploaded since the last wait; beyond 256 MB `settled` is due. */
  readonly pendingUpload: number;
  /** Bytes on the device. */
  memory(): MemoryUse;
  /** As {@linkcode Backend.compile}; the program also says what it costs. */
  compile(graph: Graph, parameters: Parameters, options?: CompileOptions): Promise<WebgpuProgram>;
}

/** A compiled graph, and what a run of it costs. */
export interface WebgpuProgram extends Program {
  /** Dispatches and memory. */
  readonly statistics: ProgramStatistics;
  /** The kernels of a run, without the constant part: names of their ops (`conv2d+silu`), the site of the first. */
  readonly steps: readonly { readonly label: string; readonly site: string }[];
  /**
   * Runs once more with the device's clock, waits, and drops the results. Absent where the device has no clock that may be
   * read (the feature `timestamp-query`).
   */
  readonly profile:
    | ((inputs: Readonly<Record<string, RunInput>>) => Promise<readonly KernelTime[]>)
    | undefined;
}

/** The limits that are worth more than the default. */
const WANTED = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
] as const;

function pickLimits(from: GpuLimits): GpuLimits {
  const keys = Object.keys(DEFAULT_LIMITS) as (keyof GpuLimits)[];
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as unknown as GpuLimits;
}

function describeAdapter(info: GPUAdapterInfo): AdapterDescription {
  const { vendor, architecture, description, device } = info;
  const name = description || device;
  return {
    vendor,
    architecture,
    description: name,
    software: isSoftwareAdapter(info),
  };
}

/** Whether `navigator.gpu` has an adapter: what `webgpuBackend` needs if it is not given a device. */
export async function hasWebgpu(): Promise<boolean> {
  if (!("gpu" in navigator) || navigator.gpu === undefined) return false;
  return await navigator.gpu.requestAdapter() !== null;
}

/**
 * A backend on a GPU.
 *
 * @throws {DeviceError} If there is no adapter, or it gives no device.
 *
 * @example
 * ```ts
 * import { add, f32, hasWebgpu, hostTensor, trace, webgpuBackend } from "@denoise/denoise";
 *
 * if (await hasWebgpu()) {
 *   await using backend = await webgpuBackend();
 *   using none = await backend.load({ description: "", tensors: new Map(), read: () => Promise.reject() });
 *   const graph = trace(({ a, b }) => add(a, b), { a: f32(2), b: f32(2) });
 *   using program = await backend.compile(graph, none);
 *   using output = program.run({ a: hostTensor([2], [1, 2]), b: hostTensor([2], [3, 4]) }).output!;
 *   (await output.read()).data; // [4, 6]
 * }
 * ```
 */
export async function webgpuBackend(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const device = options.device ?? await requestDevice(options);
  const adapter = describeAdapter(device.adapterInfo);
  const own = typeof options.limits === "object" ? options.limits : {};
  const gpu = new Gpu(device, {
    limits: { ...pickLimits(device.limits), ...own },
    software: adapter.software,
  });
  const arena = new Arena(gpu);
  const all = new Set<DeviceParameters>();
  return {
    name: "webgpu",
    adapter,
    device,
    get waits() {
      return gpu.waits;
    },
    get pipelines() {
      return gpu.pipelineCount;
    },
    get pendingUpload() {
      return gpu.pendingUpload;
    },
    memory: () => gpu.memory(),
    load(source: ParameterSource, { precision = "f32" }: LoadOptions = {}): Promise<Parameters> {
      gpu.check();
      const parameters: DeviceParameters = new DeviceParameters(gpu, {
        source,
        precision,
        forget: () => all.delete(parameters),
      });
      all.add(parameters);
      return Promise.resolve(parameters);
    },
    async compile(graph, parameters, { constant = [] } = {}) {
      gpu.check();
      if (!(parameters instanceof DeviceParameters) || parameters.gpu !== gpu) {
        throw new DisposedError("Cannot compile a graph: its weights belong to another backend");
      }
      parameters.check();
      checkWeights(graph, parameters.source);
      return await compileProgram(graph, {
        context: { gpu, arena, choose: options.choose },
        parameters,
        constant,
      });
    },
    upload(tensor) {
      const { dtype, shape } = tensor;
      gpu.check();
      if (tensor.data.length !== sizeOf(shape)) {
        throw new RangeError(
          `Cannot upload ${describe(tensor)}: it has ${tensor.data.length} elements, not ${
            sizeOf(shape)
          }`,
        );
      }
      const value = new DeviceValue(gpu, { dtype, shape });
      if (tensor.data.length > 0) gpu.write(value.buffer, toWords(tensor));
      return value;
    },
    async settled() {
      await gpu.settled();
      await new Promise((resolve) => setTimeout(resolve));
    },
    [Symbol.asyncDispose]() {
      for (const parameters of all) parameters[Symbol.dispose]();
      all.clear();
      gpu.close({ destroy: options.device === undefined });
      return Promise.resolve();
    },
  };
}

async function requestDevice(options: WebgpuOptions): Promise<GPUDevice> {
  const gpu = "gpu" in navigator ? navigator.gpu : undefined;
  if (gpu === undefined) {
    throw new DeviceError("absent", "Cannot use WebGPU: this runtime has no navigator.gpu");
  }
  const powerPreference = options.powerPreference ?? "high-performance";
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (adapter === null) {
    throw new DeviceError("absent", "Cannot use WebGPU: navigator.gpu found no adapter");
  }
  const requiredLimits = options.limits === "default"
    ? {}
    : Object.fromEntries(WANTED.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures: GPUFeatureName[] = adapter.features.has("timestamp-query")
    ? ["timestamp-query"]
    : [];
  try {
    return await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (cause) {
    throw new DeviceError(
      "absent",
      `Cannot use WebGPU: ${adapter.info.description || "the adapter"} gives no device with ${
        JSON.stringify(requiredLimits)
      }: ${cause}`,
      { cause },
    );
  }
}
