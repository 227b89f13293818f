/** Gated linear units, one invocation an element. @module */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `geglu`, best first. */
export const gegluKernels: Kernels<"geglu"> = [{
  name: "naive",
  plan({ node, tail }, gpu) {
    const pass = elementwise({
      label: "geglu/naive",
      uniforms: { half: node.output.shape.at(-1)! },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail,
      functions: ["gelu"],
      main: `  let at = i / s.half * 2u * s.half + i % s.half;
  store(i, x[at] * gelu(x[at + s.half]));`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
