/** Running sums, one invocation a row, with Kahan's correction: a long row keeps its digits. @module */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `cumsum`, best first. */
export const cumsumKernels: Kernels<"cumsum"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const shape = operands[0]!.shape;
    const { axis } = node.attributes;
    const width = shape[axis]!;
    const pass = elementwise({
      label: "cumsum/naive",
      uniforms: { width, inner: sizeOf(shape.slice(axis + 1)) },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail,
      main: `  let base = i / s.inner * s.width * s.inner + i % s.inner;
  var sum = 0.0;
  var lost = 0.0;
  for (var c = 0u; c < s.width; c++) {
    let at = base + c * s.inner;
    let next = x[at] - lost;
    let total = sum + next;
    lost = (total - sum) - next;
    sum = total;
    store(at, sum);
  }`,
    }, { count: sizeOf(shape) / width, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
