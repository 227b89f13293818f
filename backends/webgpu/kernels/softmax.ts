/** Softmax along any axis, in two passes over a row: the maximum, then exponentials and their sum. @module */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { assemble, elementwise, spread } from "../wgsl/assemble.ts";
import { input, workgroupReduction } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"softmax">) {
  const shape = operands[0]!.shape;
  const width = shape[node.attributes.axis]!;
  const inner = sizeOf(shape.slice(node.attributes.axis + 1));
  return { rows: sizeOf(shape) / width, uniforms: { width, inner } };
}

const workgroup: Kernel<"softmax"> = {
  name: "workgroup",
  suits(request, gpu) {
    const { rows, uniforms } = sizes(request);
    return uniforms.width >= 128 && (!gpu.software || rows < 64);
  },
  plan(request, gpu) {
    const { rows, uniforms } = sizes(request);
    const size = 64;
    const pass = assemble({
      label: "softmax/workgroup",
      uniforms: { ...uniforms, rows },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail: request.tail,
      functions: ["greatest"],
      declarations: workgroupReduction(size, "sum", "max"),
      size,
      workgroups: spread(rows, gpu),
      main: `  if (flat >= s.rows) { return; }
  let base = flat / s.inner * s.width * s.inner + flat % s.inner;
  var most = x[base];
  for (var c = local; c < s.width; c += ${size}u) { most = max(most, x[base + c * s.inner]); }
  most = workgroup_max(local, most);
  var sum = 0.0;
  for (var c = local; c < s.width; c += ${size}u) { sum += exp(x[base + c * s.inner] - most); }
  sum = workgroup_sum(local, sum);
  for (var c = local; c < s.width; c += ${size}u) {
    store(base + c * s.inner, exp(x[base + c * s.inner] - most) / sum);
  }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

const naive: Kernel<"softmax"> = {
  name: "naive",
  plan(request, gpu) {
    const { rows, uniforms } = sizes(request);
    const pass = elementwise({
      label: "softmax/naive",
      uniforms,
      buffers: { x: { ref: input(0), type: "f32" } },
      tail: request.tail,
      main: `  let base = i / s.inner * s.width * s.inner + i % s.inner;
  var most = x[base];
  for (var c = 1u; c < s.width; c++) { most = max(most, x[base + c * s.inner]); }
  var sum = 0.0;
  for (var c = 0u; c < s.width; c++) { sum += exp(x[base + c * s.inner] - most); }
  for (var c = 0u; c < s.width; c++) {
    store(base + c * s.inner, exp(x[base + c * s.inner] - most) / sum);
  }`,
    }, { count: rows, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Kernels of `softmax`, best first. */
export const softmaxKernels: Kernels<"softmax"> = [workgroup, naive];
