/** Elementwise ops as WGSL expressions. @module */
import type { BinaryFunction, Comparison, UnaryFunction } from "../../../graph/ops/mod.ts";
import type { DType } from "../../../graph/tensor_spec.ts";
import type { PointwiseNode } from "../tail.ts";

/** An expression and the functions that it calls. */
export interface Expression {
  readonly text: string;
  readonly functions: readonly string[];
}

/** The WGSL type in which an element is held: halves as floats, bytes as words. */
export function wgslType(dtype: DType): "f32" | "i32" | "u32" {
  switch (dtype) {
    case "f32":
    case "f16":
      return "f32";
    case "i32":
      return "i32";
    case "u8":
      return "u32";
  }
}

const UNARY: Readonly<Record<UnaryFunction, (x: string) => Expression>> = {
  abs: (x) => plain(`abs(${x})`),
  cos: (x) => calls("sine", `${x}, 1u`),
  exp: (x) => plain(`exp(${x})`),
  gelu: (x) => calls("gelu", x),
  geluTanh: (x) => calls("geluTanh", x),
  log: (x) => plain(`log(${x})`),
  negate: (x) => plain(`-${x}`),
  quickGelu: (x) => calls("quickGelu", x),
  relu: (x) => plain(`select(${x}, 0.0, ${x} < 0.0)`),
  rsqrt: (x) => plain(`(1.0 / sqrt(${x}))`),
  sigmoid: (x) => calls("sigmoid", x),
  silu: (x) => calls("silu", x),
  sin: (x) => calls("sine", `${x}, 0u`),
  sqrt: (x) => plain(`sqrt(${x})`),
  tanh: (x) => calls("tanhSafe", x),
};

const BINARY: Readonly<Record<BinaryFunction, (a: string, b: string) => Expression>> = {
  add: (a, b) => plain(`(${a} + ${b})`),
  sub: (a, b) => plain(`(${a} - ${b})`),
  mul: (a, b) => plain(`(${a} * ${b})`),
  div: (a, b) => plain(`(${a} / ${b})`),
  minimum: (a, b) => calls("least", `${a}, ${b}`),
  maximum: (a, b) => calls("greatest", `${a}, ${b}`),
};

const COMPARISONS: Readonly<Record<Comparison, (a: string, b: string) => string>> = {
  equal: (a, b) => `${a} == ${b}`,
  // Not `!=`: compilers fold a != a to false although a may be NaN.
  notEqual: (a, b) => `!(${a} == ${b})`,
  less: (a, b) => `${a} < ${b}`,
  lessEqual: (a, b) => `${a} <= ${b}`,
  greater: (a, b) => `${a} > ${b}`,
  greaterEqual: (a, b) => `${a} >= ${b}`,
};

function plain(text: string): Expression {
  return { text, functions: [] };
}

function calls(name: string, operands: string): Expression {
  return { text: `${name}(${operands})`, functions: [name] };
}

/** A finite number as a WGSL literal of type f32. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new RangeError(`Cannot write ${value} as a WGSL literal`);
  return rounded < 0 || Object.is(rounded, -0) ? `(-${-rounded}f)` : `${rounded}f`;
}

/** The result of an elementwise node, given operands as names, and how numbers are written. */
export function pointwise(
  node: PointwiseNode,
  operands: readonly { readonly text: string; readonly dtype: DType }[],
  number: (value: number) => string,
): Expression {
  const [a, b, c] = operands.map(({ text }) => text) as [string, string, string];
  switch (node.op) {
    case "unary":
      return UNARY[node.attributes.f](a);
    case "binary":
      return BINARY[node.attributes.f](a, b);
    case "clamp": {
      const { min, max } = node.attributes;
      let text = a;
      if (min !== null && min !== -Infinity) text = `max(${text}, ${number(min)})`;
      if (max !== null && max !== Infinity) text = `min(${text}, ${number(max)})`;
      return { text: `select(${text}, ${a}, isNan(${a}))`, functions: ["isNan"] };
    }
    case "compare":
      return plain(`select(0u, 1u, ${COMPARISONS[node.attributes.f](a, b)})`);
    case "where":
      return plain(`select(${c}, ${b}, ${a} != 0u)`);
    case "cast":
      return convert(a, { from: operands[0]!.dtype, to: node.attributes.to });
  }
}

function convert(x: string, { from, to }: { from: DType; to: DType }): Expression {
  switch (to) {
    case "f32":
      return plain(wgslType(from) === "f32" ? x : `f32(${x})`);
    case "f16":
      return calls("roundHalf", wgslType(from) === "f32" ? x : `f32(${x})`);
    case "i32":
      return plain(from === "i32" ? x : `i32(${x})`);
    case "u8":
      return plain(from === "u8" ? x : `(u32(i32(${x})) & 255u)`);
  }
}
