/**
 * Products of matrices in ONNX.
 *
 * @module
 */
import type { Builder, Lower } from "../builder.ts";
import { queriesAtOnce } from "../score_blocks.ts";
import { isFixed } from "../sizes.ts";
import { gelu } from "./elementwise.ts";

/** See {@linkcode linearOp}. MatMul takes any rank, Gemm only matrices. */
export const linear: Lower<"linear"> = ({ inputs: [x, weight, bias] }, b) => {
  const y = b.emit("MatMul", [b.value(x!), b.transposed(weight!)]);
  return bias === undefined ? y : b.emit("Add", [y, b.value(bias)]);
};

/** See {@linkcode matmulOp}. */
export const matmul: Lower<"matmul"> = ({ attributes: { transposeB }, inputs: [x, y] }, b) =>
  b.emit("MatMul", [b.value(x!), transposeB ? b.transposed(y!) : b.value(y!)]);

/**
 * See {@linkcode attentionOp}.
 *
 * `Attention` itself is of opset 23, and runtimes without a kernel for it are slower than with its parts. The scale goes to the
 * queries, of which there are fewer numbers than of logits. Where the logits are too many, some queries are answered at a time.
 */
export const attention: Lower<"attention"> = (node, b) => {
  const { attributes: { scale, causal }, inputs: [q, k, v, mask] } = node;
  const keys = b.emit("Transpose", [b.value(k!)], { perm: [0, 1, 3, 2] });
  const queries = scale === 1 ? b.value(q!) : b.emit("Mul", [b.value(q!), b.floats([scale])]);
  /** What some queries are answered; `cut` takes their rows of the mask. */
  const answers = (some: string, cut: (name: string, shape: readonly number[]) => string) => {
    let logits = b.emit("MatMul", [some, keys]);
    if (mask !== undefined) {
      logits = b.emit("Add", [logits, cut(b.value(mask), b.spec(mask).shape)]);
    }
    if (causal) {
      const hidden = cut(later(node, b), [b.spec(q!).shape[2]!, b.spec(k!).shape[2]!]);
      logits = b.emit("Where", [hidden, b.floats([-Infinity]), logits]);
    }
    return b.emit("MatMul", [b.emit("Softmax", [logits], { axis: 3 }), b.value(v!)]);
  };
  const fixed = b.sizes(q!).every(isFixed) && b.sizes(k!).every(isFixed);
  const step = fixed ? queriesAtOnce(b.spec(q!).shape, b.spec(k!).shape) : undefined;
  if (step === undefined) return answers(queries, (name) => name);
  const rows = b.spec(q!).shape[2]!;
  const parts: string[] = [];
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const cut = (name: string, shape: readonly number[]) => {
      const axis = shape.length - 2;
      // A mask of one row is all queries'.
      if (shape[axis] !== rows) return name;
      return b.emit("Slice", [name, b.ints([from]), b.ints([to]), b.ints([axis])]);
    };
    parts.push(answers(cut(queries, b.spec(q!).shape), cut));
  }
  return b.emit("Concat", parts, { axis: 2 });
};

/** `bool` [lq, lk]: whether key j comes after query i. */
function later(node: Parameters<typeof attention>[0], b: Builder): string {
  const [queries, keys] = [b.sizes(node.inputs[0]!)[2]!, b.sizes(node.inputs[1]!)[2]!];
  if (isFixed(queries) && isFixed(keys)) {
    return b.shared(`causal ${queries} ${keys}`, () => {
      const data = Uint8Array.from(
        { length: queries * keys },
        (_, at) => at % keys > Math.floor(at / keys) ? 1 : 0,
      );
      return b.constant({ type: "bool", dims: [queries, keys], data });
    });
  }
  const [rows, columns] = [b.shape([queries], node), b.shape([keys], node)];
  return b.shared(`causal ${rows} ${columns}`, () => {
    const upTo = (size: string) =>
      b.emit("Range", [b.ints([0], []), b.emit("Squeeze", [size]), b.ints([1], [])]);
    return b.emit("Greater", [upTo(columns), b.emit("Unsqueeze", [upTo(rows), b.ints([1])])]);
  });
}

/** See {@linkcode gegluOp}. */
export const geglu: Lower<"geglu"> = ({ inputs: [x], output: { shape } }, b) => {
  const half = shape.at(-1)!;
  const [a, gate] = b.emitMany("Split", [b.value(x!), b.ints([half, half])], {
    outputs: 2,
    attributes: { axis: shape.length - 1 },
  });
  return b.emit("Mul", [a!, gelu(gate!, b)]);
};
