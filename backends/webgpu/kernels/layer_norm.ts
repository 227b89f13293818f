/**
 * Layer normalisation, two passes over a row: the mean (of differences from the first element), then the variance.
 * `workgroup` gives a row to a workgroup; `naive` to one invocation.
 *
 * @module
 */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { assemble, elementwise, spread } from "../wgsl/assemble.ts";
import { input, workgroupReduction } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"layerNorm">) {
  const width = operands[0]!.shape.at(-1)!;
  const affine = operands.length - 1;
  return {
    rows: sizeOf(operands[0]!.shape) / width,
    uniforms: { width, epsilon: { float: node.attributes.epsilon } },
    buffers: {
      x: { ref: input(0), type: "f32" },
      ...(affine > 0 ? { w: { ref: input(1), type: "f32" } } : {}),
      ...(affine > 1 ? { bias: { ref: input(2), type: "f32" } } : {}),
    },
    result: `(x[base + c] - mean) * scale${affine > 0 ? " * w[c]" : ""}${
      affine > 1 ? " + bias[c]" : ""
    }`,
  };
}

const workgroup: Kernel<"layerNorm"> = {
  name: "workgroup",
  // On a CPU barriers cost more than the row.
  suits: (request, gpu) => !gpu.software || sizes(request).rows < 16,
  plan(request, gpu) {
    const { rows, uniforms, buffers, result } = sizes(request);
    const size = 64;
    const pass = assemble({
      label: "layerNorm/workgroup",
      uniforms: { ...uniforms, rows },
      buffers,
      tail: request.tail,
      declarations: workgroupReduction(size, "sum"),
      size,
      workgroups: spread(rows, gpu),
      main: `  if (flat >= s.rows) { return; }
  let base = flat * s.width;
  let shift = x[base];
  var sum = 0.0;
  for (var c = local; c < s.width; c += ${size}u) { sum += x[base + c] - shift; }
  let mean = shift + workgroup_sum(local, sum) / f32(s.width);
  var squares = 0.0;
  for (var c = local; c < s.width; c += ${size}u) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let scale = 1.0 / sqrt(workgroup_sum(local, squares) / f32(s.width) + s.epsilon);
  for (var c = local; c < s.width; c += ${size}u) { store(base + c, ${result}); }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

const naive: Kernel<"layerNorm"> = {
  name: "naive",
  plan(request, gpu) {
    const { rows, uniforms, buffers, result } = sizes(request);
    const pass = elementwise({
      label: "layerNorm/naive",
      uniforms,
      buffers,
      tail: request.tail,
      main: `  let base = i * s.width;
  let shift = x[base];
  var sum = 0.0;
  for (var c = 0u; c < s.width; c++) { sum += x[base + c] - shift; }
  let mean = shift + sum / f32(s.width);
  var squares = 0.0;
  for (var c = 0u; c < s.width; c++) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let scale = 1.0 / sqrt(squares / f32(s.width) + s.epsilon);
  for (var c = 0u; c < s.width; c++) { store(base + c, ${result}); }`,
    }, { count: rows, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Kernels of `layerNorm`, best first. */
export const layerNormKernels: Kernels<"layerNorm"> = [workgroup, naive];
