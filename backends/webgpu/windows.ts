/**
 * Tensors that are larger than a binding may be: the kernel sees them through several windows.
 *
 * A device with WebGPU's default limits binds 128 MiB at once, and a tensor of the 512-pixel decoder has 256 MiB. Such a buffer is
 * bound several times, and every access to it goes through a function that chooses the window. Only programs that need it pay.
 *
 * @module
 */
import type { GpuLimits, Pass } from "./kernel.ts";

/** Offsets of bindings are multiples of this on every device. */
const ALIGNMENT = 256;

/** What is bound: part of one of the pass's buffers. */
export interface Window {
  /** Which of the pass's buffers. */
  readonly buffer: number;
  /** Bytes from the buffer's start. */
  readonly start: number;
  readonly bytes: number;
}

/** A pass whose shader sees its large buffers through windows. */
export interface WindowedPass {
  readonly wgsl: string;
  /** Storage bindings, from binding 1. */
  readonly windows: readonly Window[];
}

const DECLARATION =
  /@group\(0\) @binding\((\d+)\) var<storage, (read|read_write)> (\w+): array<([\w<>]+)>;/g;

const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  f32: 4,
  i32: 4,
  u32: 4,
  "vec2<f32>": 8,
  vec2f: 8,
  "vec4<f32>": 16,
  vec4f: 16,
  "vec4<u32>": 16,
  vec4u: 16,
};

/**
 * Splits the large buffers of a pass.
 *
 * @param bytes Sizes of the pass's buffers.
 * @returns Nothing if no buffer is too large, or if the windows are more than the device binds.
 */
export function windowed(
  pass: Pass,
  { bytes, limits }: { readonly bytes: readonly number[]; readonly limits: GpuLimits },
): WindowedPass | undefined {
  const most = Math.floor(limits.maxStorageBufferBindingSize / ALIGNMENT) * ALIGNMENT;
  if (bytes.every((size) => size <= limits.maxStorageBufferBindingSize)) return undefined;
  const windows: Window[] = [];
  const functions: string[] = [];
  let body = pass.wgsl;
  const declarations: string[] = [];
  for (const [text, binding, access, name, type] of pass.wgsl.matchAll(DECLARATION)) {
    const buffer = Number(binding) - 1;
    const size = bytes[buffer]!;
    const whole = size <= limits.maxStorageBufferBindingSize;
    const count = whole ? 1 : Math.ceil(size / most);
    const names = Array.from(
      { length: count },
      (_, at) => at === 0 ? name! : `${name}_window${at}`,
    );
    for (const [at, each] of names.entries()) {
      const start = at * most;
      windows.push({ buffer, start, bytes: whole ? size : Math.min(most, size - start) });
      declarations.push(
        `@group(0) @binding(${windows.length}) var<storage, ${access}> ${each}: array<${type}>;`,
      );
    }
    body = body.replace(text, "");
    if (whole) continue;
    const element = ELEMENT_BYTES[type!];
    if (element === undefined) return undefined;
    body = redirect(body, name!);
    functions.push(...accessors(names, { type: type!, access: access!, step: most / element }));
  }
  if (windows.length > limits.maxStorageBuffersPerShaderStage) return undefined;
  return { wgsl: [...declarations, ...functions, body].join("\n"), windows };
}

/** `load_x(i)` and `store_x(i, v)`: element i, in the window that has it. */
function accessors(
  names: readonly string[],
  options: { readonly type: string; readonly access: string; readonly step: number },
): string[] {
  const { type, access, step } = options;
  const name = names[0]!;
  const branch = (use: (window: string, index: string) => string): string =>
    names.map((window, at) => {
      const index = at === 0 ? "i" : `i - ${at * step}u`;
      const last = at === names.length - 1;
      return last
        ? `  ${use(window, index)}`
        : `  if (i < ${(at + 1) * step}u) { ${use(window, index)} }`;
    }).join("\n");
  const load = branch((window, index) => `return ${window}[${index}];`);
  const functions = [`fn load_${name}(i: u32) -> ${type} {\n${load}\n}`];
  if (access === "read_write") {
    const store = branch((window, index) => `${window}[${index}] = v; return;`);
    functions.push(`fn store_${name}(i: u32, v: ${type}) {\n${store}\n}`);
  }
  return functions;
}

/** Every `name[index]` becomes a call; the last one first, so that those within an index are done before it. */
function redirect(wgsl: string, name: string): string {
  let text = wgsl;
  const access = new RegExp(`(?<![\\w.])${name}\\[`, "g");
  for (;;) {
    const at = [...text.matchAll(access)].at(-1)?.index;
    if (at === undefined) return text;
    const open = at + name.length;
    let depth = 0;
    let close = open;
    do {
      if (text[close] === "[") depth++;
      if (text[close] === "]") depth--;
      close++;
    } while (depth > 0);
    const index = text.slice(open + 1, close - 1);
    const assignment = /^\s*=(?!=)\s*/.exec(text.slice(close));
    if (assignment === null) {
      text = `${text.slice(0, at)}load_${name}(u32(${index}))${text.slice(close)}`;
      continue;
    }
    const from = close + assignment[0].length;
    const end = text.indexOf(";", from);
    text = `${text.slice(0, at)}store_${name}(u32(${index}), ${text.slice(from, end)})${
      text.slice(end)
    }`;
  }
}
