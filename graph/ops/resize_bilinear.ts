/** Resizing by linear interpolation. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `resizeBilinear`. */
export interface ResizeBilinearAttributes {
  /** New height and width. */
  readonly size: readonly [h: number, w: number];
  /** Widen the filter by in / out where that is above 1. */
  readonly antialias: boolean;
}

/** Sources and weights of one output index along an axis. */
export interface Taps {
  /** First source index. */
  readonly first: number;
  /** Weights of `first`, `first + 1`, …; they sum to 1. */
  readonly weights: readonly number[];
}

/** The filter along one axis: half-pixel centres, edges clamped. */
export function bilinearTaps(
  index: number,
  options: { readonly from: number; readonly to: number; readonly antialias: boolean },
): Taps {
  const { from, to, antialias } = options;
  const scale = from / to;
  const centre = (index + 0.5) * scale;
  if (!antialias || scale <= 1) {
    const position = Math.min(Math.max(centre - 0.5, 0), from - 1);
    const first = Math.floor(position);
    const after = position - first;
    return { first, weights: first + 1 < from ? [1 - after, after] : [1] };
  }
  const first = Math.max(0, Math.trunc(centre - scale + 0.5));
  const end = Math.min(from, Math.trunc(centre + scale + 0.5));
  const raw = Array.from(
    { length: end - first },
    (_, at) => Math.max(0, 1 - Math.abs((first + at - centre + 0.5) / scale)),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return { first, weights: raw.map((weight) => weight / sum) };
}

/** Linear interpolation between pixel centres. */
export const resizeBilinearOp: OpDefinition<"resizeBilinear"> = {
  name: "resizeBilinear",
  inputs: "x [n, c, h, w]",
  summary: "Resizes an image to `size` by linear interpolation between pixel centres.",
  infer([x], { size }) {
    const action = `resize ${describe(x!)} to ${size.join(" x ")}`;
    requireFloats(action, [x]);
    if (x!.shape.length !== 4 || size.some((side) => !Number.isInteger(side) || side < 1)) {
      throw new ShapeError(
        action,
        "it takes four axes and positive sizes",
      );
    }
    return f32(x!.shape[0]!, x!.shape[1]!, ...size);
  },
  cases: [
    { name: "up", inputs: [f32(1, 2, 4, 5)], attributes: { size: [9, 7], antialias: false } },
    { name: "down", inputs: [f32(2, 1, 9, 11)], attributes: { size: [4, 3], antialias: false } },
    {
      name: "down, antialiased",
      inputs: [f32(1, 2, 13, 16)],
      attributes: { size: [5, 4], antialias: true },
    },
    {
      name: "one way up, one way down",
      inputs: [f32(1, 2, 5, 16)],
      attributes: { size: [8, 6], antialias: true },
    },
    {
      name: "from one pixel",
      inputs: [f32(1, 3, 1, 1)],
      attributes: { size: [4, 4], antialias: false },
    },
  ],
};

/** Resizes `x [n, c, h, w]` to `size` by linear interpolation; not antialiased unless said otherwise. */
export function resizeBilinear(
  x: Tensor,
  options: { readonly size: readonly [number, number]; readonly antialias?: boolean },
): Tensor {
  return apply(resizeBilinearOp, [x], {
    size: options.size,
    antialias: options.antialias ?? false,
  });
}
