/**
 * Affine maps. `registers` gives each invocation four neighbouring outputs (a `vec4` of the weight, whose outputs are the
 * last axis) of several rows: neighbouring invocations read neighbouring weights, and all read the same rows. `naive`
 * computes one element an invocation.
 *
 * @module
 */
import type { Kernel, KernelRequest, Kernels, Pass } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { assemble, elementwise } from "../wgsl/assemble.ts";
import { input, up4, weightReader, weightReader4 } from "../wgsl/snippets.ts";

function sizes({ node, operands }: KernelRequest<"linear">) {
  const [out, inner] = operands[1]!.shape as [number, number];
  return { out, inner, rows: sizeOf(node.output.shape) / out, bias: operands.length > 2 };
}

const naive: Kernel<"linear"> = {
  name: "naive",
  plan(request, gpu) {
    const { out, inner, rows, bias } = sizes(request);
    const passes = request.operands[1]!.parts.map(({ start, end }, part): Pass => {
      const own = end - start;
      const reader = weightReader(request.operands[1]!, { kind: "input", index: 1, part });
      return elementwise({
        label: "linear/naive",
        uniforms: { inner, out, first: start, own, own4: up4(own) },
        buffers: {
          x: { ref: input(0), type: "f32" },
          w: reader.buffer,
          ...(bias ? { bias: { ref: input(2), type: "f32" } } : {}),
        },
        declarations: reader.declaration,
        tail: request.tail,
        main: `  let column = i % s.own;
  let row = i / s.own;
  var sum = ${bias ? "bias[s.first + column]" : "0.0"};
  for (var k = 0u; k < s.inner; k++) { sum += x[row * s.inner + k] * weight(k * s.own4 + column); }
  store(row * s.out + s.first + column, sum);`,
      }, { count: rows * own, gpu });
    });
    return { passes, scratch: [], tables: [] };
  },
};

const registers: Kernel<"linear"> = {
  name: "registers",
  plan(request, gpu) {
    const { out, inner, rows, bias } = sizes(request);
    const size = gpu.software ? 8 : 32;
    // On a CPU a load takes as long for one row as for eight, and a tile for few rows would be one more shader.
    const tall = !gpu.software && rows <= 2 ? 2 : 8;
    const step = inner % 4 === 0 ? 4 : 1;
    const most = gpu.limits.maxComputeWorkgroupsPerDimension;
    if (Math.ceil(rows / tall) > most || Math.ceil(out / (4 * size)) > most) return undefined;
    const each = Array.from({ length: tall }, (_, r) => r);
    const passes = request.operands[1]!.parts.map(({ start, end }, part): Pass => {
      const own = end - start;
      const reader = weightReader4(request.operands[1]!.layout, { kind: "input", index: 1, part });
      const inner4 = Array.from({ length: step }, (_, k) => k);
      return assemble({
        label: "linear/registers",
        uniforms: { inner: inner / step, out, rows, first: start, own, own4: up4(own) / 4 },
        buffers: {
          x: { ref: input(0), type: step === 4 ? "vec4f" : "f32" },
          w: reader.buffer,
          ...(bias ? { bias: { ref: input(2), type: "f32" } } : {}),
        },
        declarations: reader.declaration,
        tail: request.tail,
        size,
        workgroups: [Math.ceil(own / (4 * size)), Math.ceil(rows / tall), 1],
        main: `  let quad = group.x * ${size}u + local;
  let row = group.y * ${tall}u;
  let column = min(quad, s.own4 - 1u);
${
          each.map((r) =>
            `  var a${r} = vec4f();
  let r${r} = min(row + ${r}u, s.rows - 1u) * s.inner;`
          ).join("\n")
        }
  var at = column;
  for (var k = 0u; k < s.inner; k++) {
${inner4.map((k) => `    let w${k} = weight4(at);\n    at += s.own4;`).join("\n")}
${
          each.map((r) =>
            `    let x${r} = x[r${r} + k];
    a${r} += ${
              step === 4
                ? inner4.map((k) => `x${r}.${"xyzw"[k]} * w${k}`).join(" + ")
                : `x${r} * w0`
            };`
          ).join("\n")
        }
  }
  if (quad >= s.own4) { return; }
  var results = array<vec4f, ${tall}>(${each.map((r) => `a${r}`).join(", ")});
  for (var r = 0u; r < ${tall}u; r++) {
    if (row + r >= s.rows) { break; }
    for (var c = 0u; c < 4u; c++) {
      let own = quad * 4u + c;
      if (own >= s.own) { break; }
      let o = s.first + own;
      store((row + r) * s.out + o, results[r][c]${bias ? " + bias[o]" : ""});
    }
  }`,
      });
    });
    return { passes, scratch: [], tables: [] };
  },
};

/** Kernels of `linear`, best first. */
export const linearKernels: Kernels<"linear"> = [registers, naive];
