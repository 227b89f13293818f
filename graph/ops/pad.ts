/** Borders. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `pad`. */
export interface PadAttributes {
  /** Elements before and after, for every axis. */
  readonly pads: readonly (readonly [before: number, after: number])[];
  /** `constant` puts `value` there; `reflect` mirrors without repeating the edge. */
  readonly mode: "constant" | "reflect";
  /** What `constant` puts there. */
  readonly value: number;
}

/** A border around a tensor. */
export const padOp: OpDefinition<"pad"> = {
  name: "pad",
  inputs: "x",
  summary: "A border of `value`, or of mirrored elements, around a tensor.",
  infer([x], { pads, mode }) {
    const action = `pad ${describe(x!)} by ${JSON.stringify(pads)}`;
    if (pads.length !== x!.shape.length) {
      throw new ShapeError(action, `it has ${x!.shape.length} axes`);
    }
    const shape = x!.shape.map((size, axis) => {
      const [before, after] = pads[axis]!;
      if (before < 0 || after < 0) throw new ShapeError(action, "borders cannot be negative");
      if (mode === "reflect" && Math.max(before, after) >= size) {
        throw new ShapeError(action, `axis ${axis} of size ${size} has too little to mirror`);
      }
      return before + size + after;
    });
    return { shape, dtype: x!.dtype };
  },
  cases: [
    {
      name: "right and below",
      inputs: [f32(1, 2, 4, 5)],
      attributes: { pads: [[0, 0], [0, 0], [0, 1], [0, 1]], mode: "constant", value: 0 },
    },
    {
      name: "every side",
      inputs: [f32(2, 3)],
      attributes: { pads: [[1, 2], [3, 4]], mode: "constant", value: -1.5 },
    },
    {
      name: "reflect",
      inputs: [f32(1, 2, 4, 5)],
      attributes: { pads: [[0, 0], [0, 0], [2, 1], [3, 4]], mode: "reflect", value: 0 },
    },
  ],
};

/** A border around `x`: of zeros unless said otherwise. */
export function pad(
  x: Tensor,
  options: {
    readonly pads: PadAttributes["pads"];
    readonly mode?: PadAttributes["mode"];
    readonly value?: number;
  },
): Tensor {
  return apply(padOp, [x], {
    pads: options.pads,
    mode: options.mode ?? "constant",
    value: options.value ?? 0,
  });
}
