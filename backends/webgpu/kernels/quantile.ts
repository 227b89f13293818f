/**
 * Quantiles, a workgroup a row. Floats are ordered like integers once negative ones are mirrored; the element of a rank is
 * found bit by bit, from the highest: a bit is set if no more elements than the rank lie below the number so far.
 *
 * @module
 */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { assemble, spread } from "../wgsl/assemble.ts";
import { input, workgroupReduction } from "../wgsl/snippets.ts";

const SIZE = 64;

/** Kernels of `quantile`, best first. */
export const quantileKernels: Kernels<"quantile"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const width = operands[0]!.shape.at(-1)!;
    const rows = sizeOf(operands[0]!.shape) / width;
    const position = node.attributes.q * (width - 1);
    const rank = Math.floor(position);
    const pass = assemble({
      label: "quantile/naive",
      uniforms: { width, rows, rank, after: { float: position - rank } },
      buffers: { x: { ref: input(0), type: "f32" } },
      tail,
      functions: ["isNan", "greatest"],
      declarations: `${workgroupReduction(SIZE, "sum", "max")}
var<workgroup> counts: array<u32, ${SIZE}>;
fn workgroup_count(local: u32, v: u32) -> u32 {
  counts[local] = v;
  workgroupBarrier();
  for (var step = ${SIZE / 2}u; step > 0u; step >>= 1u) {
    if (local < step) { counts[local] += counts[local + step]; }
    workgroupBarrier();
  }
  let result = workgroupUniformLoad(&counts[0]);
  return result;
}
fn key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
fn number(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u));
}`,
      size: SIZE,
      workgroups: spread(rows, gpu),
      main: `  if (flat >= s.rows) { return; }
  let base = flat * s.width;
  var found = 0u;
  for (var bit = 0u; bit < 32u; bit++) {
    let candidate = found | (0x80000000u >> bit);
    var below = 0u;
    for (var c = local; c < s.width; c += ${SIZE}u) {
      below += select(0u, 1u, key(x[base + c]) < candidate);
    }
    if (workgroup_count(local, below) <= s.rank) { found = candidate; }
  }
  var most = 0u;
  // Negative infinity, which has no literal.
  var next = number(0x007fffffu);
  // 0 if every element is a number.
  var nans = 0.0;
  for (var c = local; c < s.width; c += ${SIZE}u) {
    let value = x[base + c];
    if (key(value) <= found) { most++; } else { next = max(next, -value); }
    nans += select(0.0, value, isNan(value));
  }
  let seen = workgroup_count(local, most);
  // The least of the greater ones is the negated greatest of their negatives.
  let above = -workgroup_max(local, next);
  nans = workgroup_sum(local, nans);
  if (local == 0u) {
    let low = number(found);
    let high = select(above, low, seen > s.rank + 1u || seen == s.width);
    let between = select(low + s.after * (high - low), low, s.after == 0.0);
    store(flat, select(between, nans, isNan(nans)));
  }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
