/**
 * Convolution as an implicit matrix product (no im2col buffer): rows are outputs, columns are pixels, and the sum runs over
 * window and channels.
 *
 * `registers` gives each invocation 16 outputs (4 `vec4`) of a few pixels and reads image and weights straight from memory: all
 * invocations of a workgroup read the same weights, four at a time, and neighbouring pixels, so that a load serves many
 * multiplications. `naive` computes one element an invocation, and takes groups.
 *
 * @module
 */
import type { Kernel, KernelRequest, Kernels, Pass } from "../kernel.ts";
import { assemble, elementwise } from "../wgsl/assemble.ts";
import { input, up4, weightReader, weightReader4 } from "../wgsl/snippets.ts";

function sizes({ node, operands, enlarge }: KernelRequest<"conv2d">) {
  const [n, c, h, w] = operands[0]!.shape as [number, number, number, number];
  const [o, perGroup, kh, kw] = operands[1]!.shape as [number, number, number, number];
  const [, , oh, ow] = node.output.shape as [number, number, number, number];
  const { stride, padding, groups } = node.attributes;
  const [ey, ex] = enlarge ?? [1, 1];
  return {
    /** Uniforms of an image that is enlarged as it is read. */
    enlarged: enlarge === undefined ? {} : { ey, ex },
    /** Height and width of the image that the window moves over. */
    seen: { sh: h * ey, sw: w * ex },
    /** Where a pixel of the seen image is stored, from its row and column. */
    pixel: (y: string, x: string) =>
      enlarge === undefined ? `(${y}) * s.w + ${x}` : `(${y}) / s.ey * s.w + (${x}) / s.ex`,
    n,
    c,
    h,
    w,
    o,
    perGroup,
    kh,
    kw,
    oh,
    ow,
    stride,
    padding,
    groups,
  };
}

const naive: Kernel<"conv2d"> = {
  name: "naive",
  plan(request, gpu) {
    const { n, c, h, w, o, perGroup, kh, kw, oh, ow, stride, padding, groups, ...image } = sizes(
      request,
    );
    const bias = request.operands.length > 2;
    const passes = request.operands[1]!.parts.map(({ start, end }, part): Pass => {
      const reader = weightReader(request.operands[1]!, { kind: "input", index: 1, part });
      return elementwise({
        label: "conv2d/naive",
        uniforms: {
          ...image.seen,
          ...image.enlarged,
          c,
          h,
          w,
          o,
          per_group: perGroup,
          kh,
          kw,
          oh,
          ow,
          sy: stride[0],
          sx: stride[1],
          left: padding[0],
          top: padding[2],
          group_outputs: o / groups,
          first: start,
          own: end - start,
          own4: up4(end - start),
        },
        buffers: {
          x: { ref: input(0), type: "f32" },
          w: reader.buffer,
          ...(bias ? { bias: { ref: input(2), type: "f32" } } : {}),
        },
        declarations: reader.declaration,
        tail: request.tail,
        main: `  let px = i % s.ow;
  let py = (i / s.ow) % s.oh;
  let column = (i / (s.ow * s.oh)) % s.own;
  let o = s.first + column;
  let n = i / (s.ow * s.oh * s.own);
  let c0 = o / s.group_outputs * s.per_group;
  var sum = ${bias ? "bias[o]" : "0.0"};
  for (var u = 0u; u < s.kh; u++) {
    let y = py * s.sy + u - s.top;
    if (y >= s.sh) { continue; }
    for (var v = 0u; v < s.kw; v++) {
      let xx = px * s.sx + v - s.left;
      if (xx >= s.sw) { continue; }
      for (var c = 0u; c < s.per_group; c++) {
        sum += x[(n * s.c + c0 + c) * s.h * s.w + ${image.pixel("y", "xx")}] *
          weight(((u * s.kw + v) * s.per_group + c) * s.own4 + column);
      }
    }
  }
  store(((n * s.o + o) * s.oh + py) * s.ow + px, sum);`,
      }, { count: n * (end - start) * oh * ow, gpu });
    });
    return { passes, scratch: [], tables: [] };
  },
};

const registers: Kernel<"conv2d"> = {
  name: "registers",
  plan(request, gpu) {
    const { n, c, h, w, o, kh, kw, oh, ow, stride, padding, groups, ...image } = sizes(
      request,
    );
    if (groups !== 1) return undefined;
    const bias = request.operands.length > 2;
    const columns = n * oh * ow;
    // A CPU runs eight invocations at a time, so eight make a workgroup; a GPU wants more and has fewer registers.
    const size = gpu.software ? 8 : 64;
    const widest = gpu.software ? 4 : 2;
    const pixels = columns <= size ? 1 : 4;
    const most = gpu.limits.maxComputeWorkgroupsPerDimension;
    if (Math.ceil(columns / (size * pixels)) > most || Math.ceil(o / 4) > most) return undefined;
    const passes = request.operands[1]!.parts.map(({ start, end }, part): Pass => {
      const own = end - start;
      const quads = Math.min(widest, Math.ceil(own / 4));
      const reader = weightReader4(request.operands[1]!.layout, { kind: "input", index: 1, part });
      const each = Array.from({ length: pixels }, (_, q) => q);
      const quad = Array.from({ length: quads }, (_, k) => k);
      return assemble({
        label: "conv2d/registers",
        uniforms: {
          ...image.seen,
          ...image.enlarged,
          c,
          h,
          w,
          o,
          kh,
          kw,
          oh,
          ow,
          columns,
          hw: h * w,
          ohw: oh * ow,
          sy: stride[0],
          sx: stride[1],
          left: padding[0],
          top: padding[2],
          first: start,
          own,
          own4: up4(own) / 4,
        },
        buffers: {
          x: { ref: input(0), type: "f32" },
          w: reader.buffer,
          ...(bias ? { bias: { ref: input(2), type: "f32" } } : {}),
        },
        declarations: reader.declaration,
        tail: request.tail,
        size,
        workgroups: [Math.ceil(columns / (size * pixels)), Math.ceil(own / (4 * quads)), 1],
        main: `  let base = group.x * ${size * pixels}u + local;
  let quad = group.y * ${quads}u;
${
          each.map((q) =>
            `  let p${q} = min(base + ${q * size}u, s.columns - 1u);
  let b${q} = p${q} / s.ohw;
  let r${q} = p${q} - b${q} * s.ohw;
  let j${q} = r${q} / s.ow;
  let n${q} = b${q} * s.c * s.hw;
  let y${q} = j${q} * s.sy - s.top;
  let x${q} = (r${q} - j${q} * s.ow) * s.sx - s.left;
${quad.map((k) => `  var a${q}_${k} = vec4f();`).join("\n")}`
          ).join("\n")
        }
  var at = quad;
  for (var u = 0u; u < s.kh; u++) {
    for (var v = 0u; v < s.kw; v++) {
${
          // Outside the image the window reads a pixel that exists and takes 0 instead.
          each.map((q) =>
            `      let in${q} = y${q} + u < s.sh && x${q} + v < s.sw;
      var i${q} = n${q} + select(0u, ${image.pixel(`y${q} + u`, `x${q} + v`)}, in${q});`
          ).join("\n")}
      for (var c = 0u; c < s.c; c++) {
${quad.map((k) => `        let w${k} = weight4(at + ${k}u);`).join("\n")}
${
          each.map((q) =>
            `        let f${q} = select(0.0, x[i${q}], in${q});
${quad.map((k) => `        a${q}_${k} += f${q} * w${k};`).join("\n")}
        i${q} += s.hw;`
          ).join("\n")
        }
        at += s.own4;
      }
    }
  }
  var results = array<vec4f, ${pixels * quads}>(${
          each.flatMap((q) => quad.map((k) => `a${q}_${k}`)).join(", ")
        });
  for (var q = 0u; q < ${pixels}u; q++) {
    let p = base + q * ${size}u;
    if (p >= s.columns) { break; }
    let image = p / s.ohw;
    let place = p + image * (s.o - 1u) * s.ohw;
    for (var k = 0u; k < ${4 * quads}u; k++) {
      let own = quad * 4u + k;
      if (own >= s.own) { break; }
      let o = s.first + own;
      store(place + o * s.ohw, results[q * ${quads}u + (k >> 2u)][k & 3u]${
          bias ? " + bias[o]" : ""
        });
    }
  }`,
      });
    });
    return { passes, scratch: [], tables: [] };
  },
};

/** Kernels of `conv2d`, best first. */
export const conv2dKernels: Kernels<"conv2d"> = [registers, naive];
