/** From a kernel's pass to a dispatch: pipeline, bind group, number of workgroups. @module */
import { DeviceError } from "./device_error.ts";
import type { Gpu } from "./gpu.ts";
import type { Pass } from "./kernel.ts";

/** A part of a buffer that a pass binds. */
export interface Bound {
  readonly buffer: GPUBuffer;
  /** Bytes before the part; 0 unless it is a window. */
  readonly byteOffset?: number;
  /** Bytes that the pass may see. */
  readonly bytes: number;
}

/** A dispatch that can be encoded any number of times. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  /** The kernel's name. */
  readonly label: string;
}

/** Bytes between the uniform blocks of two passes in one buffer. */
const ALIGNMENT = 256;

/** The uniform blocks of passes, one after the other, and where each starts. */
export function uniformBlocks(
  passes: readonly Pass[],
): { readonly words: Uint32Array<ArrayBuffer>; readonly offsets: readonly number[] } {
  const offsets: number[] = [];
  let bytes = 0;
  for (const { uniforms } of passes) {
    offsets.push(bytes);
    bytes += Math.ceil(uniforms.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  const words = new Uint32Array(Math.max(bytes, ALIGNMENT) / 4);
  passes.forEach(({ uniforms }, at) => words.set(uniforms, offsets[at]! / 4));
  return { words, offsets };
}

/** Binds a pass. */
export function bind(
  gpu: Gpu,
  options: {
    readonly pass: Pass;
    readonly pipeline: GPUComputePipeline;
    readonly uniforms: GPUBuffer;
    readonly offset: number;
    readonly storage: readonly Bound[];
    readonly purpose: string;
  },
): Dispatch {
  const { pass, pipeline, uniforms, offset, storage, purpose } = options;
  const most = gpu.traits.limits.maxStorageBufferBindingSize;
  const tooLarge = storage.find(({ bytes }) => bytes > most);
  if (tooLarge !== undefined) {
    throw new DeviceError(
      "binding",
      `Cannot run ${purpose}: it binds a tensor of ${tooLarge.bytes} bytes, this device binds ${most} at most`,
    );
  }
  const group = gpu.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      {
        binding: 0,
        resource: { buffer: uniforms, offset, size: pass.uniforms.byteLength },
      },
      ...storage.map(({ buffer, byteOffset = 0, bytes }, at) => ({
        binding: at + 1,
        resource: { buffer, offset: byteOffset, size: Math.max(16, Math.ceil(bytes / 16) * 16) },
      })),
    ],
  });
  return { pipeline, group, workgroups: pass.workgroups, label: pass.label };
}

/** Encodes dispatches in one compute pass. */
export function encode(
  encoder: GPUCommandEncoder,
  dispatches: readonly Dispatch[],
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  if (dispatches.length === 0) return;
  const pass = encoder.beginComputePass(timestampWrites === undefined ? {} : { timestampWrites });
  let current: GPUComputePipeline | undefined;
  for (const { pipeline, group, workgroups } of dispatches) {
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
  }
  pass.end();
}
