/**
 * Elementwise ops without a kernel in front of them, and copies of strided tensors: all of the work is in the tail.
 *
 * @module
 */
import type { GpuTraits, KernelPlan } from "../kernel.ts";
import type { Tail } from "../tail.ts";
import { elementwise } from "../wgsl/assemble.ts";

/** One invocation an element of the result. */
export function planPointwise(
  tail: Tail,
  options: { readonly count: number; readonly gpu: GpuTraits; readonly label: string },
): KernelPlan {
  const pass = elementwise({
    label: options.label,
    uniforms: {},
    buffers: {},
    tail,
    main: "  store(i, 0.0);",
  }, options);
  return { passes: [pass], scratch: [], tables: [] };
}
