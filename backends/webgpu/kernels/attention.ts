/**
 * Attention that never stores the matrix of logits: keys stream by, and each query keeps a running maximum, a running sum and
 * a running mean of values (Milakov & Gimelshein 2018; Rabe & Staats 2021; Dao et al. 2022).
 *
 * `registers` keeps one query and its result in the registers of one invocation, for narrow heads; heads' width is
 * unrolled, in fours where it has them, so it is part of the shader. `streaming` lets a workgroup share the work on four
 * queries, and takes every width and length.
 *
 * @module
 */
import type { Kernel, KernelRequest, Kernels } from "../kernel.ts";
import { assemble } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";
import { denseStrides } from "../strided.ts";

/** The least f32: logits stop there, so that a row whose keys are all hidden is a mean, not NaN. */
const LEAST = "-3.4028234e38";

function sizes({ node, operands }: KernelRequest<"attention">) {
  const [n, heads, lq, d] = operands[0]!.shape as [number, number, number, number];
  const [, , lk, dv] = operands[2]!.shape as [number, number, number, number];
  const mask = operands[3];
  const strides = mask === undefined ? [] : [0, 1, 2, 3].map((axis) => {
    const at = axis - 4 + mask.shape.length;
    return at < 0 || mask.shape[at] === 1 ? 0 : denseStrides(mask.shape)[at]!;
  });
  return {
    n,
    heads,
    lq,
    d,
    lk,
    dv,
    masked: mask !== undefined,
    causal: node.attributes.causal,
    uniforms: {
      heads,
      lq,
      lk,
      d,
      dv,
      scale: { float: node.attributes.scale },
      ...Object.fromEntries(strides.map((stride, axis) => [`mask${axis}`, stride])),
    },
    buffers: {
      q: { ref: input(0), type: "f32" },
      k: { ref: input(1), type: "f32" },
      v: { ref: input(2), type: "f32" },
      ...(mask === undefined ? {} : { mask: { ref: input(3), type: "f32" } }),
    },
  };
}

/** Numbers or vectors of four that `registers` unrolls. */
const UNROLLED = 16;

const registers: Kernel<"attention"> = {
  name: "registers",
  // Unrolled, wide heads take a CPU longer to compile than to compute.
  suits: ({ operands }, gpu) => !gpu.software || operands[0]!.shape[3]! <= 40,
  plan(request, gpu) {
    const { n, heads, lq, d, lk, dv, masked, causal, uniforms, buffers } = sizes(request);
    const fours = d % 4 === 0 && dv % 4 === 0;
    const [lanes, type] = fours ? [4, "vec4f"] as const : [1, "f32"] as const;
    if (Math.max(d, dv) / lanes > UNROLLED || lk === 0) return undefined;
    const size = gpu.software ? 8 : 64;
    const most = gpu.limits.maxComputeWorkgroupsPerDimension;
    if (Math.ceil(lq / size) > most || n * heads > most) return undefined;
    const wide = Array.from({ length: d / lanes }, (_, i) => i);
    const out = Array.from({ length: dv / lanes }, (_, i) => i);
    const product = (i: number) => fours ? `dot(q${i}, k[at + ${i}u])` : `q${i} * k[at + ${i}u]`;
    const pass = assemble({
      label: "attention/registers",
      uniforms,
      buffers: {
        ...buffers,
        q: { ref: input(0), type },
        k: { ref: input(1), type },
        v: { ref: input(2), type },
      },
      tail: request.tail,
      functions: ["greatest"],
      size,
      workgroups: [Math.ceil(lq / size), n * heads, 1],
      main: `  let stack = group.y;
  let row = group.x * ${size}u + local;
  let query = (stack * s.lq + min(row, s.lq - 1u)) * ${d / lanes}u;
${wide.map((i) => `  let q${i} = q[query + ${i}u] * s.scale;`).join("\n")}
${out.map((i) => `  var o${i} = ${type}();`).join("\n")}
  var most = ${LEAST};
  var sum = 0.0;
${
        masked
          ? "  let hidden = stack / s.heads * s.mask0 + stack % s.heads * s.mask1 + min(row, s.lq - 1u) * s.mask2;"
          : ""
      }
  let keys = ${causal ? `min(s.lk, (group.x + 1u) * ${size}u)` : "s.lk"};
  for (var key = 0u; key < keys; key++) {
    let at = (stack * s.lk + key) * ${d / lanes}u;
    var logit = ${wide.map(product).join(" +\n      ")};
${masked ? "    logit += mask[hidden + key * s.mask3];" : ""}
    logit = greatest(logit, ${LEAST});
    let above = max(most, logit);
    let fade = exp(most - above);
    let p = ${causal ? "select(0.0, exp(logit - above), key <= row)" : "exp(logit - above)"};
    most = ${causal ? "select(most, above, key <= row)" : "above"};
    let keep = ${causal ? "select(1.0, fade, key <= row)" : "fade"};
    sum = sum * keep + p;
    let source = (stack * s.lk + key) * ${dv / lanes}u;
${out.map((i) => `    o${i} = o${i} * keep + p * v[source + ${i}u];`).join("\n")}
  }
  if (row >= s.lq) { return; }
  let place = (stack * s.lq + row) * ${dv}u;
  var results = array<${type}, ${dv / lanes}>(${out.map((i) => `o${i}`).join(", ")});
  for (var c = 0u; c < ${dv}u; c++) { store(place + c, results[c / ${lanes}u]${
        fours ? "[c & 3u]" : ""
      } / sum); }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Queries of a workgroup. */
const ROWS = 4;
/** Invocations of a workgroup, and keys of a step. */
const SIZE = 64;

const streaming: Kernel<"attention"> = {
  name: "streaming",
  plan(request, gpu) {
    const { n, heads, lq, dv, masked, causal, uniforms, buffers } = sizes(request);
    const rows = Array.from({ length: ROWS }, (_, r) => r);
    // Columns of the result that an invocation keeps. A CPU compiles slowly, and wide heads are rare.
    const kept = gpu.software ? 1 : 8;
    const columns = Array.from({ length: kept }, (_, c) => c);
    const blocks = Math.ceil(lq / ROWS);
    const most = gpu.limits.maxComputeWorkgroupsPerDimension;
    const count = blocks * n * heads;
    const pass = assemble({
      label: "attention/streaming",
      uniforms: { ...uniforms, blocks, count },
      buffers,
      tail: request.tail,
      functions: ["greatest"],
      declarations: rows.map((r) => `var<workgroup> p${r}: array<f32, ${SIZE}>;`).join("\n"),
      size: SIZE,
      workgroups: [
        Math.min(count, most),
        Math.ceil(count / most),
        Math.ceil(dv / (SIZE * kept)),
      ],
      main: `  if (flat >= s.count) { return; }
  let stack = flat / s.blocks;
  let first = flat % s.blocks * ${ROWS}u;
  let column = group.z * ${SIZE * kept}u + local;
${
        rows.map((r) =>
          `  let row${r} = min(first + ${r}u, s.lq - 1u);
  let q${r} = (stack * s.lq + row${r}) * s.d;
  var most${r} = ${LEAST};
  var sum${r} = 0.0;
${columns.map((c) => `  var o${r}_${c} = 0.0;`).join("\n")}`
        ).join("\n")
      }
${masked ? "  let hidden = stack / s.heads * s.mask0 + stack % s.heads * s.mask1;" : ""}
  for (var start = 0u; start < s.lk; start += ${SIZE}u) {
    let count = min(${SIZE}u, s.lk - start);
    let key = min(start + local, s.lk - 1u);
    let source = (stack * s.lk + key) * s.d;
${rows.map((r) => `    var l${r} = 0.0;`).join("\n")}
    for (var c = 0u; c < s.d; c++) {
      let x = k[source + c];
${rows.map((r) => `      l${r} += q[q${r} + c] * x;`).join("\n")}
    }
${
        rows.map((r) =>
          `    l${r} = greatest(l${r} * s.scale${
            masked ? ` + mask[hidden + row${r} * s.mask2 + key * s.mask3]` : ""
          }, ${LEAST});
    p${r}[local] = l${r};`
        ).join("\n")
      }
    workgroupBarrier();
${
        rows.map((r) =>
          `    var above${r} = most${r};
    let seen${r} = ${causal ? `min(count, max(row${r} + 1u, start) - start)` : "count"};
    for (var t = 0u; t < seen${r}; t++) { above${r} = max(above${r}, p${r}[t]); }
    let fade${r} = exp(most${r} - above${r});
    most${r} = above${r};
    sum${r} *= fade${r};
${columns.map((c) => `    o${r}_${c} *= fade${r};`).join("\n")}`
        ).join("\n")
      }
    workgroupBarrier();
${
        rows.map((r) => `    p${r}[local] = select(0.0, exp(l${r} - most${r}), local < seen${r});`)
          .join("\n")
      }
    workgroupBarrier();
    for (var t = 0u; t < count; t++) {
      let line = (stack * s.lk + start + t) * s.dv + column;
${rows.map((r) => `      let e${r}_ = p${r}[t];\n      sum${r} += e${r}_;`).join("\n")}
${
        columns.map((c) =>
          `      if (column + ${c * SIZE}u < s.dv) {
        let x = v[line + ${c * SIZE}u];
${rows.map((r) => `        o${r}_${c} += e${r}_ * x;`).join("\n")}
      }`
        ).join("\n")
      }
    }
    workgroupBarrier();
  }
  var results = array<f32, ${ROWS * kept}>(${
        rows.flatMap((r) => columns.map((c) => `o${r}_${c} / sum${r}`)).join(", ")
      });
  for (var r = 0u; r < ${ROWS}u; r++) {
    if (first + r >= s.lq) { break; }
    for (var c = 0u; c < ${kept}u; c++) {
      let at = column + c * ${SIZE}u;
      if (at < s.dv) { store((stack * s.lq + first + r) * s.dv + at, results[r * ${kept}u + c]); }
    }
  }`,
    });
    return { passes: [pass], scratch: [], tables: [] };
  },
};

/** Kernels of `attention`, best first. */
export const attentionKernels: Kernels<"attention"> = [registers, streaming];
