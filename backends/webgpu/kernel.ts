/**
 * What a kernel is: a pure function from a node, the way its operands are stored, and a device's traits to WGSL, sizes and a
 * number of workgroups. Nothing here touches a device, so every kernel can be planned and its WGSL read without one.
 *
 * @module
 */
import type { NodeOf } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import type { DType } from "../../graph/tensor_spec.ts";
import type { Tail } from "./tail.ts";

/** The limits that kernels obey: a subset of `GPUSupportedLimits`. */
export interface GpuLimits {
  /** Storage buffers that one kernel may use. */
  readonly maxStorageBuffersPerShaderStage: number;
  /** Bytes that the invocations of a workgroup may share. */
  readonly maxComputeWorkgroupStorageSize: number;
  /** Bytes of a buffer that a kernel may see at once. */
  readonly maxStorageBufferBindingSize: number;
  /** Bytes of a buffer. */
  readonly maxBufferSize: number;
  /** Workgroups along one axis of a dispatch. */
  readonly maxComputeWorkgroupsPerDimension: number;
  /** Invocations of a workgroup. */
  readonly maxComputeInvocationsPerWorkgroup: number;
}

/** What WebGPU promises on every device. */
export const DEFAULT_LIMITS: GpuLimits = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16384,
  maxStorageBufferBindingSize: 134217728,
  maxBufferSize: 268435456,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeInvocationsPerWorkgroup: 256,
};

/** What kernels may know of a device. */
export interface GpuTraits {
  readonly limits: GpuLimits;
  /**
   * The device is a CPU. Such a device runs the invocations of a workgroup eight at a time in one thread, pays much for
   * every load and barrier and nothing for a small workgroup, so it wants other tiles than a GPU.
   */
  readonly software: boolean;
}

/**
 * How a tensor's elements lie in their buffer. `plain`: row-major, a 32-bit word each (bytes as `u32`; halves as the
 * floats that they are). `outputLast`: a weight `[o, i, kh, kw]` as `[kh, kw, i, o4]`, `[o, i]` as `[i, o4]`, where o4 is o
 * rounded up to four, so that four neighbouring outputs are one `vec4`. `half` packs two elements into a word.
 */
export interface Layout {
  readonly order: "plain" | "outputLast";
  readonly half: boolean;
}

/** The layout of everything that a program computes. */
export const PLAIN: Layout = { order: "plain", half: false };

/** Rows `start` to before `end` of the first axis, in a buffer of their own. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** An input of a kernel. */
export interface Operand {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
  /** One part, or several where the whole is larger than a binding may be. */
  readonly parts: readonly Part[];
}

/** A buffer that a pass binds. */
export type BufferRef =
  | { readonly kind: "input"; readonly index: number; readonly part: number }
  | { readonly kind: "external"; readonly index: number }
  | { readonly kind: "scratch"; readonly index: number }
  | { readonly kind: "table"; readonly index: number }
  | { readonly kind: "output" };

/** One dispatch. */
export interface Pass {
  /** The kernel's name: `conv2d/registers`. */
  readonly label: string;
  /** The shader; its entry point is `main`. */
  readonly wgsl: string;
  /** 32-bit words of the uniform block at binding 0. */
  readonly uniforms: Uint32Array;
  /** Storage buffers, from binding 1. */
  readonly buffers: readonly BufferRef[];
  readonly workgroups: readonly [number, number, number];
}

/** What a kernel answers. */
export interface KernelPlan {
  /** Dispatches, in order. */
  readonly passes: readonly Pass[];
  /** Sizes in words of buffers that live between the passes. */
  readonly scratch: readonly number[];
  /** Numbers computed at planning time, bound as storage. */
  readonly tables: readonly Uint32Array[];
}

/** A node with its operands and what is done to each result before it is stored. */
export interface KernelRequest<Op extends OpName> {
  readonly node: NodeOf<Op>;
  readonly operands: readonly Operand[];
  readonly tail: Tail;
  /** Every pixel of the first operand (an image before it is enlarged) stands for a block of so many rows and columns. */
  readonly enlarge?: readonly [y: number, x: number] | undefined;
}

/** One way to run an op. */
export interface Kernel<Op extends OpName> {
  /** Unique in the op: `naive`, `registers`. */
  readonly name: string;
  /** The dispatches, or undefined if this kernel does not take this node on this device. */
  plan(request: KernelRequest<Op>, gpu: GpuTraits): KernelPlan | undefined;
  /** Whether it is a good choice for what it takes. Absent: always. */
  suits?(request: KernelRequest<Op>, gpu: GpuTraits): boolean;
}

/** Ways to run an op, best first; the last one takes every node and suits every device. */
export type Kernels<Op extends OpName> = readonly Kernel<Op>[];
