/** Means of windows, one invocation a window. @module */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `avgPool2d`, best first. */
export const avgPool2dKernels: Kernels<"avgPool2d"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const [, , h, w] = operands[0]!.shape as [number, number, number, number];
    const [, , oh, ow] = node.output.shape as [number, number, number, number];
    const { kernel: [kh, kw], stride: [sy, sx] } = node.attributes;
    const pass = elementwise({
      label: "avgPool2d/naive",
      uniforms: { h, w, oh, ow, kh, kw, sy, sx },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail,
      main: `  let px = i % s.ow;
  let py = i / s.ow % s.oh;
  let base = i / (s.ow * s.oh) * s.h * s.w;
  var sum = 0.0;
  for (var u = 0u; u < s.kh; u++) {
    for (var v = 0u; v < s.kw; v++) { sum += x[base + (py * s.sy + u) * s.w + px * s.sx + v]; }
  }
  store(i, sum / f32(s.kh * s.kw));`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
