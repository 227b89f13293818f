/** Transposed convolution, one invocation an element: it gathers the pixels whose images reach it. @module */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `convTranspose2d`, best first. */
export const convTranspose2dKernels: Kernels<"convTranspose2d"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const [, c, h, w] = operands[0]!.shape as [number, number, number, number];
    const [, perGroup, kh, kw] = operands[1]!.shape as [number, number, number, number];
    const [, o, oh, ow] = node.output.shape as [number, number, number, number];
    const { stride: [sy, sx], padding: [left, , top], groups } = node.attributes;
    const bias = operands.length > 2;
    const pass = elementwise({
      label: "convTranspose2d/naive",
      uniforms: {
        c,
        h,
        w,
        kh,
        kw,
        o,
        oh,
        ow,
        sy,
        sx,
        left,
        top,
        group_inputs: c / groups,
        per_group: perGroup,
      },
      buffers: {
        x: { ref: input(0), type: "f32" },
        w: { ref: input(1), type: "f32" },
        ...(bias ? { bias: { ref: input(2), type: "f32" } } : {}),
      },
      tail,
      main: `  let px = i % s.ow + s.left;
  let py = i / s.ow % s.oh + s.top;
  let o = i / (s.ow * s.oh) % s.o;
  let n = i / (s.ow * s.oh * s.o);
  let first = o / s.per_group * s.group_inputs;
  var sum = ${bias ? "bias[o]" : "0.0"};
  for (var u = 0u; u < s.kh; u++) {
    if (u > py || (py - u) % s.sy != 0u || (py - u) / s.sy >= s.h) { continue; }
    let y = (py - u) / s.sy;
    for (var v = 0u; v < s.kw; v++) {
      if (v > px || (px - v) % s.sx != 0u || (px - v) / s.sx >= s.w) { continue; }
      let xx = (px - v) / s.sx;
      for (var c = first; c < first + s.group_inputs; c++) {
        sum += x[((n * s.c + c) * s.h + y) * s.w + xx] *
          w[((c * s.per_group + o % s.per_group) * s.kh + u) * s.kw + v];
      }
    }
  }
  store(i, sum);`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
