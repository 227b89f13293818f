/** Comparisons. @module */
import { broadcast } from "../broadcast.ts";
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Names of the comparisons. */
export type Comparison = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual";

/** Attributes of `compare`. */
export interface CompareAttributes {
  /** Which comparison. */
  readonly f: Comparison;
}

const COMPARISONS: readonly Comparison[] = [
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
];

/** y = 1 where f(a, b) holds, else 0. */
export const compareOp: OpDefinition<"compare"> = {
  name: "compare",
  inputs: "a, b",
  summary: "1 where the comparison `f` holds, else 0, as bytes; with broadcasting.",
  infer([a, b], { f }) {
    if (a!.dtype !== b!.dtype) {
      throw new ShapeError(`compare ${describe(a!)} and ${describe(b!)}`, "their types differ");
    }
    return { shape: broadcast(`compare (${f})`, [a!.shape, b!.shape]), dtype: "u8" };
  },
  cases: COMPARISONS.flatMap((f) => [
    {
      name: `${f} of small whole numbers`,
      inputs: [
        {
          ...f32(3, 7),
          values: { kind: "values", values: Array.from({ length: 21 }, (_, i) => i % 5) } as const,
        },
        { ...f32(7), values: { kind: "values", values: [0, 1, 2, 3, 4, 0, 1] } as const },
      ],
      attributes: { f },
    },
    {
      name: `${f} of a scalar`,
      inputs: [
        {
          ...f32(2, 3, 4),
          values: { kind: "values", values: Array.from({ length: 24 }, (_, i) => i % 7) } as const,
        },
        { ...f32(), values: { kind: "values", values: [3] } as const },
      ],
      attributes: { f },
    },
  ]),
};

/** 1 where f(a, b) holds, else 0, as bytes; with broadcasting. */
export function compare(f: Comparison, operands: readonly [Tensor, Tensor]): Tensor {
  return apply(compareOp, operands, { f });
}
