/**
 * Puts a kernel's shader together: sizes, buffers, functions, and `store`, which applies the tail to a result and writes it.
 *
 * @module
 */
import type { DType } from "../../../graph/tensor_spec.ts";
import type { BufferRef, GpuTraits, Pass } from "../kernel.ts";
import type { Tail, Term } from "../tail.ts";
import { wgslFunctions } from "./functions.ts";
import { literal, pointwise, wgslType } from "./pointwise.ts";

/** A number of the uniform block that is a float; plain numbers are unsigned. */
export interface FloatUniform {
  readonly float: number;
}

/** A storage buffer of a kernel. */
export interface BufferUse {
  readonly ref: BufferRef;
  /** Element type: `f32`, `vec4f`, `u32`, … */
  readonly type: string;
  readonly write?: boolean;
}

/** A kernel's own parts of a shader. */
export interface PassSource {
  readonly label: string;
  /** Fields of the block `s`. */
  readonly uniforms: Readonly<Record<string, number | FloatUniform>>;
  /** Storage by the names that `main` uses. */
  readonly buffers: Readonly<Record<string, BufferUse>>;
  /** Applied by `store(index, value)`; without it there is no `store`. */
  readonly tail?: Tail;
  /** Library functions that `main` calls. */
  readonly functions?: readonly string[];
  /** Workgroup memory and functions of its own. */
  readonly declarations?: string;
  /** Invocations in a workgroup. */
  readonly size: number;
  /** Body: sees `group`, `groups`, `local` and `flat` (the workgroup's number over x and y). */
  readonly main: string;
  readonly workgroups: readonly [number, number, number];
}

/** Makes one dispatch. */
export function assemble(source: PassSource): Pass {
  const uniforms = new Map<string, number | FloatUniform>(Object.entries(source.uniforms));
  const buffers = new Map<string, BufferUse>(Object.entries(source.buffers));
  const functions = new Set<string>(source.functions ?? []);
  const store = source.tail === undefined
    ? ""
    : storeFunction(source.tail, { uniforms, buffers, functions });
  if (uniforms.size === 0) uniforms.set("unused", 0);
  const words = new Uint32Array(Math.ceil(uniforms.size / 4) * 4);
  const floats = new Float32Array(words.buffer);
  const fields = [...uniforms].map(([name, value], at) => {
    if (typeof value === "number") {
      words[at] = value;
      return `  ${name}: u32,`;
    }
    floats[at] = value.float;
    return `  ${name}: f32,`;
  });
  const declared = [...buffers].map(([name, { type, write }], at) =>
    `@group(0) @binding(${at + 1}) var<storage, ${
      write ? "read_write" : "read"
    }> ${name}: array<${type}>;`
  );
  const wgsl = [
    `struct Sizes {\n${fields.join("\n")}\n}`,
    `@group(0) @binding(0) var<uniform> s: Sizes;`,
    ...declared,
    wgslFunctions(functions),
    source.declarations ?? "",
    store,
    `@compute @workgroup_size(${source.size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32) {
  let flat = group.y * groups.x + group.x;
${source.main}
}`,
  ].filter((part) => part !== "").join("\n");
  return {
    label: source.label,
    wgsl,
    uniforms: words,
    buffers: [...buffers.values()].map(({ ref }) => ref),
    workgroups: source.workgroups,
  };
}

interface Collected {
  readonly uniforms: Map<string, number | FloatUniform>;
  readonly buffers: Map<string, BufferUse>;
  readonly functions: Set<string>;
}

/** `fn store(i, v)`: coordinates of i if something is strided, one line a statement, the write. */
function storeFunction(tail: Tail, { uniforms, buffers, functions }: Collected): string {
  const lines: string[] = [];
  const strided = [...tail.externals.map(({ strides }) => strides), tail.destination];
  const used = tail.dims.map((_, axis) =>
    strided.some((strides) => strides !== null && strides[axis] !== 0)
  );
  if (used.some(Boolean)) {
    lines.push("var rest = i;");
    for (let axis = tail.dims.length - 1; axis >= 0; axis--) {
      if (axis === 0) {
        if (used[0]) lines.push("let c0 = rest;");
        continue;
      }
      uniforms.set(`tail_dim${axis}`, tail.dims[axis]!);
      if (used[axis]) lines.push(`let c${axis} = rest % s.tail_dim${axis};`);
      if (used.slice(0, axis).some(Boolean)) lines.push(`rest /= s.tail_dim${axis};`);
    }
  }
  const place = (name: string, strides: readonly number[], offset: number): string => {
    uniforms.set(`${name}_offset`, offset);
    const terms = strides.flatMap((stride, axis) => {
      if (stride === 0) return [];
      uniforms.set(`${name}_stride${axis}`, stride);
      return [`c${axis} * s.${name}_stride${axis}`];
    });
    return [`s.${name}_offset`, ...terms].join(" + ");
  };
  tail.externals.forEach((external, at) => {
    const name = `tail${external.buffer}`;
    const type = wgslType(external.dtype);
    buffers.set(name, { ref: { kind: "external", index: external.buffer }, type });
    const index = external.strides === null
      ? "i"
      : place(`e${at}`, external.strides, external.offset);
    lines.push(`let x${at} = ${name}[${index}];`);
  });
  const number = (value: number): string =>
    // WGSL has no literals for infinities and NaN.
    Number.isFinite(Math.fround(value)) ? literal(value) : `s.${nonFinite(value, uniforms)}`;
  const text = (term: Term): string => {
    switch (term.kind) {
      case "value":
        return "v";
      case "statement":
        return `t${term.index}`;
      case "external":
        return `x${term.index}`;
      case "literal":
        return number(term.value);
    }
  };
  tail.statements.forEach(({ node, operands }, at) => {
    const expression = pointwise(
      node,
      operands.map((term) => ({ text: text(term), dtype: term.dtype })),
      number,
    );
    expression.functions.forEach((name) => functions.add(name));
    lines.push(`let t${at} = ${expression.text};`);
  });
  const index = tail.destination === null ? "i" : place("out", tail.destination, 0);
  buffers.set("out", {
    ref: { kind: "output" },
    type: wgslType(tail.result.dtype),
    write: true,
  });
  lines.push(`out[${index}] = ${text(tail.result)};`);
  const kernel = valueType(tail);
  return `fn store(i: u32, v: ${kernel}) {\n${lines.map((line) => `  ${line}`).join("\n")}\n}`;
}

/** A field of the uniform block for a number that has no literal. */
function nonFinite(value: number, uniforms: Map<string, number | FloatUniform>): string {
  const name = Number.isNaN(value) ? "not_a_number" : value > 0 ? "infinity" : "minus_infinity";
  uniforms.set(name, { float: Math.fround(value) });
  return name;
}

/** The type of what the kernel computes. */
function valueType(tail: Tail): string {
  const terms = [...tail.statements.flatMap(({ operands }) => operands), tail.result];
  const value = terms.find(({ kind }) => kind === "value");
  return wgslType(value?.dtype ?? ("f32" satisfies DType));
}

/** A number of workgroups over x and y; `flat` may then be at or past the count. */
export function spread(count: number, gpu: GpuTraits): [number, number, number] {
  const most = gpu.limits.maxComputeWorkgroupsPerDimension;
  if (count <= most) return [Math.max(count, 1), 1, 1];
  return [most, Math.ceil(count / most), 1];
}

/** One invocation an element: `main` sees `i`, the element's number, and ends early past `count`. */
export function elementwise(
  source: Omit<PassSource, "size" | "workgroups">,
  options: { readonly count: number; readonly gpu: GpuTraits },
): Pass {
  const { count, gpu } = options;
  const size = 64;
  return assemble({
    ...source,
    uniforms: { count, ...source.uniforms },
    size,
    main: `  let i = flat * ${size}u + local;\n  if (i >= s.count) { return; }\n${source.main}`,
    workgroups: spread(Math.ceil(count / size), gpu),
  });
}
