/** Convolution. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `conv2d`. */
export interface Conv2dAttributes {
  /** Rows and columns between two windows. */
  readonly stride: readonly [y: number, x: number];
  /** Zeros around the image. */
  readonly padding: readonly [left: number, right: number, top: number, bottom: number];
  /** The channels fall into as many groups, each convolved for itself. */
  readonly groups: number;
}

/** y[n,o,i,j] = bias[o] + sum of weight[o,c,u,v] x[n, c, i stride + u - top, j stride + v - left]. */
export const conv2dOp: OpDefinition<"conv2d"> = {
  name: "conv2d",
  inputs: "x [n, c, h, w], weight [o, c / groups, kh, kw], bias [o]?",
  summary: "Convolution (cross-correlation) of an image, zeros around it.",
  infer([x, weight, bias], { stride, padding, groups }) {
    const action = `convolve ${describe(x!)} with ${describe(weight!)}`;
    requireFloats(action, [x, weight, bias]);
    if (x!.shape.length !== 4 || weight!.shape.length !== 4) {
      throw new ShapeError(action, "both must have four axes");
    }
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    const [o, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
    if (stride.some((step) => !Number.isInteger(step) || step < 1)) {
      throw new ShapeError(action, `the stride ${stride.join(" x ")} is not whole and positive`);
    }
    if (c !== perGroup * groups) {
      throw new ShapeError(
        action,
        `the weight takes ${perGroup * groups} channels, the image has ${c}`,
      );
    }
    if (o % groups !== 0) {
      throw new ShapeError(action, `${o} outputs do not fall into ${groups} groups`);
    }
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== o)) {
      throw new ShapeError(action, `the bias is ${describe(bias)}, not [${o}]`);
    }
    const [left, right, top, bottom] = padding;
    const height = Math.floor((h + top + bottom - kh) / stride[0]) + 1;
    const width = Math.floor((w + left + right - kw) / stride[1]) + 1;
    if (height < 1 || width < 1) {
      throw new ShapeError(action, "the window is larger than the padded image");
    }
    return f32(n, o, height, width);
  },
  cases: ([
    ["1x1", [2, 7, 5, 6], [9, 7, 1, 1], true, {}],
    ["3x3", [1, 4, 7, 9], [6, 4, 3, 3], true, { padding: [1, 1, 1, 1] }],
    ["3x3 without bias or padding", [2, 3, 6, 5], [5, 3, 3, 3], false, {}],
    ["3x3 stride 2", [1, 5, 9, 8], [4, 5, 3, 3], true, { stride: [2, 2], padding: [1, 1, 1, 1] }],
    ["3x3 stride 2, padded right and below", [1, 4, 8, 7], [4, 4, 3, 3], true, {
      stride: [2, 2],
      padding: [0, 1, 0, 1],
    }],
    ["5x1 with unlike strides", [1, 3, 11, 6], [2, 3, 5, 1], true, {
      stride: [2, 1],
      padding: [0, 0, 2, 2],
    }],
    ["groups", [1, 6, 5, 5], [9, 2, 3, 3], true, { groups: 3, padding: [1, 1, 1, 1] }],
    ["depthwise", [2, 5, 6, 6], [5, 1, 3, 3], true, { groups: 5, padding: [1, 1, 1, 1] }],
    ["one pixel", [1, 8, 1, 1], [8, 8, 3, 3], true, { padding: [1, 1, 1, 1] }],
    ["odd channels", [1, 33, 10, 6], [65, 33, 3, 3], true, { padding: [1, 1, 1, 1] }],
    ["wide", [2, 64, 16, 16], [96, 64, 3, 3], true, { padding: [1, 1, 1, 1] }],
  ] as const).map(([name, x, weight, bias, options]) => ({
    name,
    inputs: [f32(...x), { ...f32(...weight), values: { kind: "normal", scale: 0.2 } as const }]
      .concat(bias ? [f32(weight[0])] : []),
    attributes: { stride: [1, 1], padding: [0, 0, 0, 0], groups: 1, ...options },
  })),
};

/** Settings of {@linkcode conv2d}. */
export interface Conv2dOptions extends Partial<Conv2dAttributes> {
  /** `[o, c / groups, kh, kw]` */
  readonly weight: Tensor;
  /** `[o]` */
  readonly bias?: Tensor | undefined;
}

/** Convolution of `x [n, c, h, w]`; stride 1, no padding and one group unless said otherwise. */
export function conv2d(x: Tensor, options: Conv2dOptions): Tensor {
  const { weight, bias, stride = [1, 1], padding = [0, 0, 0, 0], groups = 1 } = options;
  return apply(conv2dOp, bias === undefined ? [x, weight] : [x, weight, bias], {
    stride,
    padding,
    groups,
  });
}
