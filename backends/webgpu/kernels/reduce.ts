/**
 * Sums, means and maxima. `workgroup` gives each result to a workgroup, whose invocations take every 64th element; `naive`
 * to one invocation, which adds rows of 64 for themselves so that long sums keep their digits.
 *
 * @module
 */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { collapse, denseStrides } from "../strided.ts";
import { assemble, elementwise, spread } from "../wgsl/assemble.ts";
import { input, offsets, workgroupReduction } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"reduce">) {
  const shape = operands[0]!.shape;
  const strides = denseStrides(shape);
  const { f, axes } = node.attributes;
  const part = (reduced: boolean) => {
    const own = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === reduced);
    const { dims, strides: [along] } = collapse(own.map((axis) => shape[axis]!), [
      own.map((axis) => strides[axis]!),
    ]);
    return { dims, along: along!, size: sizeOf(dims) };
  };
  const kept = part(false);
  const reduced = part(true);
  const base = offsets("i", { dims: kept.dims, operands: { kept: kept.along } });
  const element = offsets("at", { dims: reduced.dims, operands: { reduced: reduced.along } });
  return {
    f,
    count: kept.size,
    size: reduced.size,
    uniforms: { size: reduced.size, ...base.uniforms, ...element.uniforms },
    base: base.lines,
    element: element.lines,
    finish: f === "mean" ? `total / f32(s.size)` : "total",
  };
}

const workgroup: Kernel<"reduce"> = {
  name: "workgroup",
  suits: (request) => sizes(request).size >= 256,
  plan(request, gpu) {
    const { f, count, uniforms, base, element, finish } = sizes(request);
    const threads = 64;
    const pass = assemble({
      label: "reduce/workgroup",
      uniforms: { ...uniforms, results: count },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail: request.tail,
      declarations: workgroupReduction(threads, f === "max" ? "max" : "sum"),
      size: threads,
      workgroups: spread(count, gpu),
      main: `  let i = flat;
  if (i >= s.results) { return; }
${base}
  var own = ${f === "max" ? "x[kept_offset]" : "0.0"};
  for (var at = local; at < s.size; at += ${threads}u) {
  ${element}
    let next = x[kept_offset + reduced_offset];
    own = ${f === "max" ? "greatest(own, next)" : "own + next"};
  }
  let total = ${f === "max" ? "workgroup_max" : "workgroup_sum"}(local, own);
  if (local == 0u) { store(i, ${finish}); }`,
      functions: f === "max" ? ["greatest"] : [],
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

const naive: Kernel<"reduce"> = {
  name: "naive",
  plan(request, gpu) {
    const { f, count, uniforms, base, element, finish } = sizes(request);
    const pass = elementwise({
      label: "reduce/naive",
      uniforms,
      buffers: { x: { ref: input(0), type: "f32" } },
      tail: request.tail,
      functions: f === "max" ? ["greatest"] : [],
      main: `${base}
  var total = ${f === "max" ? "x[kept_offset]" : "0.0"};
  for (var start = 0u; start < s.size; start += 64u) {
    var own = ${f === "max" ? "total" : "0.0"};
    for (var at = start; at < min(start + 64u, s.size); at++) {
    ${element}
      let next = x[kept_offset + reduced_offset];
      own = ${f === "max" ? "greatest(own, next)" : "own + next"};
    }
    total = ${f === "max" ? "own" : "total + own"};
  }
  store(i, ${finish});`,
    }, { count, gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Kernels of `reduce`, best first. */
export const reduceKernels: Kernels<"reduce"> = [workgroup, naive];
