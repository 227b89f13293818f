/** Pieces of WGSL that several kernels share. @module */
import type { BufferRef, Layout, Operand } from "../kernel.ts";
import type { BufferUse } from "./assemble.ts";

/** Lines that turn a flat number into offsets of strided operands: `name_offset` for each name, sizes as uniforms. */
export function offsets(
  flat: string,
  options: {
    readonly dims: readonly number[];
    readonly operands: Readonly<Record<string, readonly number[]>>;
  },
): { readonly lines: string; readonly uniforms: Record<string, number> } {
  const { dims, operands } = options;
  const names = Object.keys(operands);
  const prefix = names.join("_");
  const uniforms: Record<string, number> = {};
  const lines = names.map((name) => `  var ${name}_offset = 0u;`);
  if (dims.length > 0) lines.push(`  var ${prefix}_rest = ${flat};`);
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    uniforms[`${prefix}_dim${axis}`] = dims[axis]!;
    for (const name of names) {
      const stride = operands[name]![axis]!;
      if (stride === 0) continue;
      uniforms[`${name}_stride${axis}`] = stride;
      lines.push(
        `  ${name}_offset += (${prefix}_rest % s.${prefix}_dim${axis}) * s.${name}_stride${axis};`,
      );
    }
    if (axis > 0) lines.push(`  ${prefix}_rest /= s.${prefix}_dim${axis};`);
  }
  return { lines: lines.join("\n"), uniforms };
}

/** How two lanes become one. */
const COMBINED = {
  sum: "lanes[local] + lanes[local + step]",
  max: "greatest(lanes[local], lanes[local + step])",
} as const;

/**
 * Workgroup memory and functions `workgroup_sum` and `workgroup_max`, those of `kinds`, over a workgroup of `size` (a power
 * of two). The maximum calls `greatest`.
 */
export function workgroupReduction(size: number, ...kinds: (keyof typeof COMBINED)[]): string {
  const tree = (kind: keyof typeof COMBINED) =>
    `fn workgroup_${kind}(local: u32, v: f32) -> f32 {
  lanes[local] = v;
  workgroupBarrier();
  for (var step = ${size / 2}u; step > 0u; step >>= 1u) {
    if (local < step) { lanes[local] = ${COMBINED[kind]}; }
    workgroupBarrier();
  }
  let result = lanes[0];
  workgroupBarrier();
  return result;
}`;
  return [`var<workgroup> lanes: array<f32, ${size}>;`, ...kinds.map(tree)].join("\n");
}

/** A parameter's buffer and a function `weight(i)` that reads element i of it. */
export function weightReader(
  operand: Operand,
  ref: BufferRef,
): { readonly buffer: BufferUse; readonly declaration: string } {
  return operand.layout.half
    ? {
      buffer: { ref, type: "u32" },
      declaration: `fn weight(i: u32) -> f32 {
  let pair = unpack2x16float(w[i >> 1u]);
  return select(pair.x, pair.y, (i & 1u) == 1u);
}`,
    }
    : {
      buffer: { ref, type: "f32" },
      declaration: `fn weight(i: u32) -> f32 { return w[i]; }`,
    };
}

/** A parameter's buffer and a function `weight4(i)` that reads elements 4i to 4i + 3 of it. */
export function weightReader4(
  layout: Layout,
  ref: BufferRef,
): { readonly buffer: BufferUse; readonly declaration: string } {
  return layout.half
    ? {
      buffer: { ref, type: "vec2u" },
      declaration: `fn weight4(i: u32) -> vec4f {
  let pairs = w[i];
  return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}`,
    }
    : {
      buffer: { ref, type: "vec4f" },
      declaration: `fn weight4(i: u32) -> vec4f { return w[i]; }`,
    };
}

/** The first part of an input, of kernels that need it in one piece. */
export function input(index: number): BufferRef {
  return { kind: "input", index, part: 0 };
}

/** A number rounded up to a multiple of four. */
export function up4(count: number): number {
  return Math.ceil(count / 4) * 4;
}
