/**
 * Products of stacks of matrices. `registers` computes a tile of rows and columns in each invocation; `naive` one element.
 *
 * @module
 */
import { broadcast } from "../../../graph/broadcast.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { collapse, denseStrides } from "../strided.ts";
import { assemble, elementwise } from "../wgsl/assemble.ts";
import { input, offsets } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"matmul">) {
  const [a, b] = [operands[0]!.shape, operands[1]!.shape];
  const [m, k] = [a.at(-2)!, a.at(-1)!];
  const n = node.output.shape.at(-1)!;
  const leading = broadcast("multiply", [a.slice(0, -2), b.slice(0, -2), []]);
  /** Strides of a stack along the broadcast leading axes. */
  const strides = (shape: readonly number[]) => {
    const own = denseStrides(shape);
    return leading.map((_, axis) => {
      const at = axis - leading.length + shape.length - 2;
      return at < 0 || shape[at] === 1 ? 0 : own[at]!;
    });
  };
  const { dims, strides: [left, right] } = collapse(leading, [strides(a), strides(b)]);
  const place = offsets("stack", { dims, operands: { a: left!, b: right! } });
  // Element (k, column) of b.
  const [bk, bn] = node.attributes.transposeB ? [1, k] : [n, 1];
  return { m, n, k, bk, bn, stacks: sizeOf(leading), place };
}

const naive: Kernel<"matmul"> = {
  name: "naive",
  plan(request, gpu) {
    const { m, n, k, bk, bn, stacks, place } = sizes(request);
    const pass = elementwise({
      label: "matmul/naive",
      uniforms: { m, n, k, bk, bn, ...place.uniforms },
      buffers: { a: { ref: input(0), type: "f32" }, b: { ref: input(1), type: "f32" } },
      tail: request.tail,
      main: `  let column = i % s.n;
  let row = (i / s.n) % s.m;
  let stack = i / (s.n * s.m);
${place.lines}
  var sum = 0.0;
  for (var k = 0u; k < s.k; k++) {
    sum += a[a_offset + row * s.k + k] * b[b_offset + k * s.bk + column * s.bn];
  }
  store(i, sum);`,
    }, { count: stacks * m * n, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

const ROWS = 4;
const COLUMNS = 4;

const registers: Kernel<"matmul"> = {
  name: "registers",
  plan(request, gpu) {
    const { m, n, k, bk, bn, stacks, place } = sizes(request);
    if (stacks > gpu.limits.maxComputeWorkgroupsPerDimension) return undefined;
    const size = gpu.software ? 8 : 32;
    const rows = Array.from({ length: ROWS }, (_, r) => r);
    const columns = Array.from({ length: COLUMNS }, (_, c) => c);
    const pass = assemble({
      label: "matmul/registers",
      uniforms: { m, n, k, bk, bn, ...place.uniforms },
      buffers: { a: { ref: input(0), type: "f32" }, b: { ref: input(1), type: "f32" } },
      tail: request.tail,
      size,
      workgroups: [Math.ceil(n / (size * COLUMNS)), Math.ceil(m / ROWS), stacks],
      main: `  let stack = group.z;
${place.lines}
  let row = group.y * ${ROWS}u;
  let column = group.x * ${size * COLUMNS}u + local;
${rows.map((r) => `  var i${r} = a_offset + min(row + ${r}u, s.m - 1u) * s.k;`).join("\n")}
${
        columns.map((c) => `  var j${c} = b_offset + min(column + ${c * size}u, s.n - 1u) * s.bn;`)
          .join("\n")
      }
${rows.map((r) => `  var sum${r} = vec4f();`).join("\n")}
  for (var k = 0u; k < s.k; k++) {
    let line = vec4f(${columns.map((c) => `b[j${c}]`).join(", ")});
${rows.map((r) => `    sum${r} += a[i${r}] * line;\n    i${r}++;`).join("\n")}
${columns.map((c) => `    j${c} += s.bk;`).join("\n")}
  }
  var results = array<vec4f, ${ROWS}>(${rows.map((r) => `sum${r}`).join(", ")});
  for (var r = 0u; r < ${ROWS}u; r++) {
    if (row + r >= s.m) { break; }
    for (var c = 0u; c < ${COLUMNS}u; c++) {
      let at = column + c * ${size}u;
      if (at < s.n) { store((stack * s.m + row + r) * s.n + at, results[r][c]); }
    }
  }`,
    });
    const [x, y] = pass.workgroups;
    const most = gpu.limits.maxComputeWorkgroupsPerDimension;
    return x > most || y > most ? undefined : { passes: [pass], scratch: [], tables: [] };
  },
};

/** Kernels of `matmul`, best first. */
export const matmulKernels: Kernels<"matmul"> = [registers, naive];
