/**
 * Group normalisation. Means are taken of differences from the group's first element and variances of differences from the
 * mean, so that a group far from 0 loses nothing. `workgroup` gives each group to one workgroup; `split` first shares large
 * groups among many, and merges their means and variances as Chan, Golub & LeVeque 1979 do.
 *
 * @module
 */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { assemble, elementwise, spread } from "../wgsl/assemble.ts";
import { input, workgroupReduction } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"groupNorm">) {
  const [n, c, ...rest] = operands[0]!.shape as [number, number, ...number[]];
  const { groups, epsilon } = node.attributes;
  const spatial = sizeOf(rest);
  const affine = operands.length - 1;
  return {
    count: n * groups,
    spatial,
    size: c / groups * spatial,
    uniforms: {
      channels: c,
      per_group: c / groups,
      groups,
      spatial,
      size: c / groups * spatial,
      groups_total: n * groups,
      epsilon: { float: epsilon },
    },
    buffers: {
      x: { ref: input(0), type: "f32" },
      ...(affine > 0 ? { w: { ref: input(1), type: "f32" } } : {}),
      ...(affine > 1 ? { bias: { ref: input(2), type: "f32" } } : {}),
    },
    /** The result for `x[at]` of channel `channel`. */
    affine: (scaled: string) =>
      affine === 0
        ? scaled
        : affine === 1
        ? `${scaled} * w[channel]`
        : `${scaled} * w[channel] + bias[channel]`,
  };
}

const workgroup: Kernel<"groupNorm"> = {
  name: "workgroup",
  plan(request, gpu) {
    const { count, uniforms, buffers, affine } = sizes(request);
    const size = gpu.software ? 32 : 256;
    const pass = assemble({
      label: "groupNorm/workgroup",
      uniforms,
      buffers,
      tail: request.tail,
      declarations: workgroupReduction(size, "sum"),
      size,
      workgroups: spread(count, gpu),
      main: `  if (flat >= s.groups_total) { return; }
  let base = flat * s.size;
  let shift = x[base];
  var sum = 0.0;
  for (var i = local; i < s.size; i += ${size}u) { sum += x[base + i] - shift; }
  let mean = shift + workgroup_sum(local, sum) / f32(s.size);
  var squares = 0.0;
  for (var i = local; i < s.size; i += ${size}u) {
    let d = x[base + i] - mean;
    squares += d * d;
  }
  let scale = 1.0 / sqrt(workgroup_sum(local, squares) / f32(s.size) + s.epsilon);
  let first = flat % s.groups * s.per_group;
  for (var i = local; i < s.size; i += ${size}u) {
    let channel = first + i / s.spatial;
    store(base + i, ${affine("(x[base + i] - mean) * scale")});
  }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Elements that one workgroup of `split` measures. */
const CHUNK = 8192;

const split: Kernel<"groupNorm"> = {
  name: "split",
  // A CPU's few cores are busy with few groups.
  suits: (request, gpu) => !gpu.software && sizes(request).size >= 2 * CHUNK,
  plan(request, gpu) {
    const { count, size, uniforms, buffers, affine } = sizes(request);
    const chunks = Math.ceil(size / CHUNK);
    const threads = gpu.software ? 32 : 256;
    const measure = assemble({
      label: "groupNorm/split: measure",
      uniforms: { size, chunks, total: count * chunks },
      buffers: {
        x: { ref: input(0), type: "f32" },
        parts: { ref: { kind: "scratch", index: 0 }, type: "vec2f", write: true },
      },
      declarations: workgroupReduction(threads, "sum"),
      size: threads,
      workgroups: spread(count * chunks, gpu),
      main: `  if (flat >= s.total) { return; }
  let start = flat % s.chunks * ${CHUNK}u;
  let base = flat / s.chunks * s.size + start;
  let size = min(${CHUNK}u, s.size - start);
  let shift = x[base];
  var sum = 0.0;
  for (var i = local; i < size; i += ${threads}u) { sum += x[base + i] - shift; }
  let mean = shift + workgroup_sum(local, sum) / f32(size);
  var squares = 0.0;
  for (var i = local; i < size; i += ${threads}u) {
    let d = x[base + i] - mean;
    squares += d * d;
  }
  let deviation = workgroup_sum(local, squares);
  if (local == 0u) { parts[flat] = vec2f(mean, deviation); }`,
    });
    const merge = elementwise({
      label: "groupNorm/split: merge",
      uniforms: { size, chunks, epsilon: uniforms.epsilon },
      buffers: {
        parts: { ref: { kind: "scratch", index: 0 }, type: "vec2f" },
        moments: { ref: { kind: "scratch", index: 1 }, type: "vec2f", write: true },
      },
      main: `  let at = i * s.chunks;
  var mean = parts[at].x;
  var squares = parts[at].y;
  var seen = f32(min(${CHUNK}u, s.size));
  for (var part = 1u; part < s.chunks; part++) {
    let own = f32(min(${CHUNK}u, s.size - part * ${CHUNK}u));
    let next = parts[at + part];
    let d = next.x - mean;
    squares += next.y + d * d * seen * own / (seen + own);
    mean += d * own / (seen + own);
    seen += own;
  }
  moments[i] = vec2f(mean, 1.0 / sqrt(squares / f32(s.size) + s.epsilon));`,
    }, { count, gpu });
    const apply = elementwise({
      label: "groupNorm/split: apply",
      uniforms,
      buffers: { ...buffers, moments: { ref: { kind: "scratch", index: 1 }, type: "vec2f" } },
      tail: request.tail,
      main: `  let moment = moments[i / s.size];
  let channel = i / s.spatial % s.channels;
  store(i, ${affine("(x[i] - moment.x) * moment.y")});`,
    }, { count: count * size, gpu });
    return {
      passes: [measure, merge, apply],
      scratch: [2 * count * chunks, 2 * count],
      tables: [],
    };
  },
};

/** Kernels of `groupNorm`, best first. */
export const groupNormKernels: Kernels<"groupNorm"> = [split, workgroup];
