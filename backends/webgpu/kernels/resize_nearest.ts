/** The nearest pixel, one invocation an element; sources of rows and columns are computed beforehand. @module */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernels } from "../kernel.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** min(floor(i s), from - 1) with s = from / to, s and the product rounded to float32 as the op's definition says. */
function sources(from: number, to: number): Uint32Array {
  const scale = Math.fround(from / to);
  return Uint32Array.from(
    { length: to },
    (_, index) => Math.min(Math.floor(Math.fround(index * scale)), from - 1),
  );
}

/** Kernels of `resizeNearest`, best first. */
export const resizeNearestKernels: Kernels<"resizeNearest"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const [, , h, w] = operands[0]!.shape as [number, number, number, number];
    const { size: [oh, ow] } = node.attributes;
    const pass = elementwise({
      label: "resizeNearest/naive",
      uniforms: { h, w, oh, ow },
      buffers: {
        x: { ref: input(0), type: "f32" },
        rows: { ref: { kind: "table", index: 0 }, type: "u32" },
        columns: { ref: { kind: "table", index: 1 }, type: "u32" },
      },
      tail,
      main:
        `  store(i, x[(i / (s.ow * s.oh) * s.h + rows[i / s.ow % s.oh]) * s.w + columns[i % s.ow]]);`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [sources(h, oh), sources(w, ow)] };
  },
}];
