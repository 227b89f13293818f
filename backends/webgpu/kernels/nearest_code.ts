/** Vector quantisation, one invocation a row: it measures the distance to every code. @module */
import type { Kernels } from "../kernel.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `nearestCode`, best first. */
export const nearestCodeKernels: Kernels<"nearestCode"> = [{
  name: "naive",
  plan({ operands, tail }, gpu) {
    const [rows, width] = operands[0]!.shape as [number, number];
    const pass = elementwise({
      label: "nearestCode/naive",
      uniforms: { width, codes: operands[1]!.shape[0]! },
      buffers: { z: { ref: input(0), type: "f32" }, codebook: { ref: input(1), type: "f32" } },
      tail,
      main: `  var nearest = 0u;
  var least = 3.4028234e38;
  for (var code = 0u; code < s.codes; code++) {
    var distance = 0.0;
    for (var c = 0u; c < s.width; c++) {
      let d = z[i * s.width + c] - codebook[code * s.width + c];
      distance += d * d;
    }
    if (distance < least) { least = distance; nearest = code; }
  }
  store(i, i32(nearest));`,
    }, { count: rows, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
