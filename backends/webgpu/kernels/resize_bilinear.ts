/** Linear interpolation, one invocation an element; sources and weights of each row and column are computed beforehand. @module */
import { bilinearTaps } from "../../../graph/ops/mod.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernels } from "../kernel.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** For every output index: the first source, how many, and their weights as bits; lines of equal length. */
function tapTable(options: { from: number; to: number; antialias: boolean }) {
  const taps = Array.from({ length: options.to }, (_, index) => bilinearTaps(index, options));
  const width = 2 + Math.max(...taps.map(({ weights }) => weights.length));
  const words = new Uint32Array(width * options.to);
  const floats = new Float32Array(words.buffer);
  taps.forEach(({ first, weights }, index) => {
    words[index * width] = first;
    words[index * width + 1] = weights.length;
    floats.set(weights, index * width + 2);
  });
  return { words, width };
}

/** Kernels of `resizeBilinear`, best first. */
export const resizeBilinearKernels: Kernels<"resizeBilinear"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const [, , h, w] = operands[0]!.shape as [number, number, number, number];
    const { size: [oh, ow], antialias } = node.attributes;
    const rows = tapTable({ from: h, to: oh, antialias });
    const columns = tapTable({ from: w, to: ow, antialias });
    const pass = elementwise({
      label: "resizeBilinear/naive",
      uniforms: { h, w, oh, ow, row_width: rows.width, column_width: columns.width },
      buffers: {
        x: { ref: input(0), type: "f32" },
        rows: { ref: { kind: "table", index: 0 }, type: "u32" },
        columns: { ref: { kind: "table", index: 1 }, type: "u32" },
      },
      tail,
      main: `  let row = i / s.ow % s.oh * s.row_width;
  let column = i % s.ow * s.column_width;
  let base = i / (s.ow * s.oh) * s.h * s.w;
  var sum = 0.0;
  for (var u = 0u; u < rows[row + 1u]; u++) {
    let line = base + (rows[row] + u) * s.w + columns[column];
    var part = 0.0;
    for (var v = 0u; v < columns[column + 1u]; v++) {
      part += bitcast<f32>(columns[column + 2u + v]) * x[line + v];
    }
    sum += bitcast<f32>(rows[row + 2u + u]) * part;
  }
  store(i, sum);`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [rows.words, columns.words] };
  },
}];
