/**
 * Elementwise ops in ONNX.
 *
 * @module
 */
import type { BinaryFunction } from "../../../graph/ops/binary.ts";
import type { Comparison } from "../../../graph/ops/compare.ts";
import type { UnaryFunction } from "../../../graph/ops/unary.ts";
import { type Builder, type Lower, ONNX_TYPES } from "../builder.ts";
import { ELEMENT_TYPES } from "../onnx_model.ts";

/** What takes one tensor and appends nodes. */
type Unary = (x: string, b: Builder) => string;

const named = (opType: string): Unary => (x, b) => b.emit(opType, [x]);

/**
 * x/2 (1 + erf(x/√2)); `Gelu` itself is of opset 20. Runtimes know this pattern and fuse it. Halved first, since x (1 + 1) may
 * be infinite.
 */
export const gelu: Unary = (x, b) => {
  const erf = b.emit("Erf", [b.emit("Div", [x, b.floats([Math.SQRT2])])]);
  const half = b.emit("Mul", [x, b.floats([0.5])]);
  return b.emit("Mul", [half, b.emit("Add", [erf, b.floats([1])])]);
};

/** x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))) */
const geluTanh: Unary = (x, b) => {
  const cube = b.emit("Mul", [b.emit("Mul", [x, x]), x]);
  const inner = b.emit("Add", [x, b.emit("Mul", [cube, b.floats([0.044715])])]);
  const tanh = b.emit("Tanh", [b.emit("Mul", [inner, b.floats([Math.sqrt(2 / Math.PI)])])]);
  const half = b.emit("Mul", [x, b.floats([0.5])]);
  return b.emit("Mul", [half, b.emit("Add", [tanh, b.floats([1])])]);
};

const UNARY: Readonly<Record<UnaryFunction, Unary>> = {
  abs: named("Abs"),
  cos: named("Cos"),
  exp: named("Exp"),
  gelu,
  geluTanh,
  log: named("Log"),
  negate: named("Neg"),
  quickGelu: (x, b) =>
    b.emit("Mul", [x, b.emit("Sigmoid", [b.emit("Mul", [x, b.floats([1.702])])])]),
  relu: named("Relu"),
  rsqrt: (x, b) => b.emit("Reciprocal", [b.emit("Sqrt", [x])]),
  sigmoid: named("Sigmoid"),
  silu: (x, b) => b.emit("Mul", [x, b.emit("Sigmoid", [x])]),
  sin: named("Sin"),
  sqrt: named("Sqrt"),
  tanh: named("Tanh"),
};

/** See {@linkcode unaryOp}. */
export const unary: Lower<"unary"> = ({ attributes: { f }, inputs: [x] }, b) =>
  UNARY[f](b.value(x!), b);

const BINARY: Readonly<Record<BinaryFunction, string>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  minimum: "Min",
  maximum: "Max",
};

/** See {@linkcode binaryOp}. */
export const binary: Lower<"binary"> = ({ attributes: { f }, inputs }, b) =>
  b.emit(BINARY[f], inputs.map(b.value));

/** See {@linkcode clampOp}. A limit that Clip is not given is the largest finite number, which infinities would become. */
export const clamp: Lower<"clamp"> = ({ attributes: { min, max }, inputs: [x] }, b) =>
  b.emit("Clip", [b.value(x!), b.floats([min ?? -Infinity]), b.floats([max ?? Infinity])]);

/**
 * See {@linkcode castOp}.
 *
 * A float outside of a byte's range is no byte in C++, where it is undefined what comes out; through a 32-bit integer the low
 * byte is kept, which is what a typed array does.
 */
export const cast: Lower<"cast"> = ({ inputs: [x], output: { dtype } }, b) => {
  const from = b.spec(x!).dtype;
  const to = (name: string, type: keyof typeof ELEMENT_TYPES) =>
    b.emit("Cast", [name], { to: ELEMENT_TYPES[type] });
  const direct = dtype !== "u8" || from === "i32" || from === "u8";
  return to(direct ? b.value(x!) : to(b.value(x!), "int32"), ONNX_TYPES[dtype]);
};

const COMPARISONS: Readonly<Record<Comparison, string>> = {
  equal: "Equal",
  notEqual: "Equal",
  less: "Less",
  lessEqual: "LessOrEqual",
  greater: "Greater",
  greaterEqual: "GreaterOrEqual",
};

/**
 * See {@linkcode compareOp}.
 *
 * ONNX Runtime orders 32-bit numbers only, so bytes and halves are widened, which changes none.
 */
export const compare: Lower<"compare"> = ({ attributes: { f }, inputs }, b) => {
  const operands = inputs.map((id) => {
    const { dtype } = b.spec(id);
    if (dtype === "f32" || dtype === "i32") return b.value(id);
    const to = ELEMENT_TYPES[dtype === "u8" ? "int32" : "float32"];
    return b.emit("Cast", [b.value(id)], { to });
  });
  const holds = b.emit(COMPARISONS[f], operands);
  return { condition: f === "notEqual" ? b.emit("Not", [holds]) : holds };
};

/** See {@linkcode whereOp}. */
export const where: Lower<"where"> = ({ inputs: [condition, a, c] }, b) =>
  b.emit("Where", [b.condition(condition!), b.value(a!), b.value(c!)]);
