/** Scaled dot-product attention. @module */
import { broadcast } from "../broadcast.ts";
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";
import { add, mul } from "./binary.ts";
import { constant } from "./constant.ts";
import { matmul } from "./matmul.ts";
import { softmax } from "./softmax.ts";

/** Attributes of `attention`. */
export interface AttentionAttributes {
  /** The logits are q·k times this, usually 1/√d. */
  readonly scale: number;
  /** Query i sees keys 0..i only. */
  readonly causal: boolean;
}

/** softmax(scale q kᵀ + mask) v (Vaswani et al. 2017). */
export const attentionOp: OpDefinition<"attention"> = {
  name: "attention",
  inputs:
    "q [n, heads, lq, d], k [n, heads, lk, d], v [n, heads, lk, dv], mask [lq, lk] or broadcast?",
  summary: "Every query's mean of the values, weighted by softmax(scale q·k + mask).",
  infer([q, k, v, mask], { causal }) {
    const action = `attend from ${describe(q!)} to ${describe(k!)} and ${describe(v!)}`;
    requireFloats(action, [q, k, v, mask]);
    if ([q!, k!, v!].some(({ shape }) => shape.length !== 4)) {
      throw new ShapeError(action, "all must have four axes");
    }
    const [n, heads, lq, d] = q!.shape as [number, number, number, number];
    const [nk, headsK, lk, dk] = k!.shape as [number, number, number, number];
    const [nv, headsV, lv, dv] = v!.shape as [number, number, number, number];
    if (nk !== n || nv !== n || headsK !== heads || headsV !== heads) {
      throw new ShapeError(action, "batch and heads must be equal");
    }
    if (dk !== d) throw new ShapeError(action, `queries and keys are ${d} and ${dk} wide`);
    if (lk !== lv) throw new ShapeError(action, `there are ${lk} keys and ${lv} values`);
    if (causal && lq > lk) {
      throw new ShapeError(action, `causal: there are more queries (${lq}) than keys (${lk})`);
    }
    if (mask !== undefined) {
      const full = broadcast("mask attention", [mask.shape, [n, heads, lq, lk]]);
      if (full.length !== 4 || full.some((size, axis) => size !== [n, heads, lq, lk][axis])) {
        throw new ShapeError(
          action,
          `the mask ${describe(mask)} does not fit [${n}, ${heads}, ${lq}, ${lk}]`,
        );
      }
    }
    return f32(n, heads, lq, dv);
  },
  decompose([q, k, v, mask], { scale, causal }) {
    let logits = mul(matmul([q!, k!], { transposeB: true }), scale);
    if (mask !== undefined) logits = add(logits, mask);
    if (causal) {
      const [rows, columns] = [q!.size(2), k!.size(2)];
      const hidden = Array.from(
        { length: rows * columns },
        (_, at) => at % columns > Math.floor(at / columns) ? -3e38 : 0,
      );
      logits = add(logits, constant(hidden, { shape: [rows, columns] }));
    }
    return matmul([softmax(logits, { axis: 3 }), v!]);
  },
  cases: ([
    ["self", [2, 3, 9, 8], 9, false, null],
    ["cross", [1, 2, 12, 40], 7, false, null],
    ["causal", [2, 2, 13, 12], 13, true, null],
    ["mask", [2, 2, 5, 6], 9, false, [5, 9]],
    ["mask per key", [2, 2, 5, 6], 9, false, [2, 1, 1, 9]],
    ["one query", [1, 2, 1, 16], 11, false, null],
    ["one key", [1, 2, 6, 16], 1, false, null],
    ["odd width", [1, 3, 10, 5], 17, false, null],
    ["wide heads", [1, 1, 6, 160], 20, false, null],
    ["wide heads of odd width, causal", [2, 1, 9, 67], 70, true, null],
    ["wide heads, mask per key", [2, 2, 5, 90], 9, false, [2, 1, 1, 9]],
    ["long", [1, 2, 130, 16], 257, false, null],
  ] as const).map(([name, q, keys, causal, mask]) => ({
    name,
    inputs: [f32(...q), f32(q[0], q[1], keys, q[3]), f32(q[0], q[1], keys, q[3])]
      .concat(mask === null ? [] : [f32(...mask)]),
    attributes: { scale: 1 / Math.sqrt(q[3]), causal },
  })),
};

/** Settings of {@linkcode attention}. */
export interface AttentionOptions extends Partial<AttentionAttributes> {
  /** `[n, heads, lk, d]` */
  readonly k: Tensor;
  /** `[n, heads, lk, dv]` */
  readonly v: Tensor;
  /** Added to the logits; broadcast to `[n, heads, lq, lk]`. */
  readonly mask?: Tensor;
}

/** softmax(scale q kᵀ + mask) v for `q [n, heads, lq, d]`; the scale is 1/√d unless said otherwise. */
export function attention(q: Tensor, options: AttentionOptions): Tensor {
  const { k, v, mask, scale = 1 / Math.sqrt(q.size(3)), causal = false } = options;
  return apply(attentionOp, mask === undefined ? [q, k, v] : [q, k, v, mask], { scale, causal });
}
