/** Transposed convolution. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `convTranspose2d`. */
export interface ConvTranspose2dAttributes {
  /** Rows and columns between the images of two neighbouring pixels. */
  readonly stride: readonly [y: number, x: number];
  /** What is cut off each side of the result. */
  readonly padding: readonly [left: number, right: number, top: number, bottom: number];
  /** Rows and columns added below and right. */
  readonly outputPadding: readonly [y: number, x: number];
  /** The channels fall into as many groups. */
  readonly groups: number;
}

/** Each pixel adds its multiple of the kernel to the result: the gradient of a convolution. */
export const convTranspose2dOp: OpDefinition<"convTranspose2d"> = {
  name: "convTranspose2d",
  inputs: "x [n, c, h, w], weight [c, o / groups, kh, kw], bias [o]?",
  summary: "Transposed convolution: the gradient of a convolution with respect to its image.",
  infer([x, weight, bias], { stride, padding, outputPadding, groups }) {
    const action = `convolve (transposed) ${describe(x!)} with ${describe(weight!)}`;
    requireFloats(action, [x, weight, bias]);
    if (x!.shape.length !== 4 || weight!.shape.length !== 4) {
      throw new ShapeError(action, "both must have four axes");
    }
    const [n, c, h, w] = x!.shape as [number, number, number, number];
    const [from, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
    if (stride.some((step) => !Number.isInteger(step) || step < 1)) {
      throw new ShapeError(action, `the stride ${stride.join(" x ")} is not whole and positive`);
    }
    if (c !== from || c % groups !== 0) {
      throw new ShapeError(
        action,
        `the weight takes ${from} channels in ${groups} groups, the image has ${c}`,
      );
    }
    const o = perGroup * groups;
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== o)) {
      throw new ShapeError(action, `the bias is ${describe(bias)}, not [${o}]`);
    }
    const [left, right, top, bottom] = padding;
    const height = (h - 1) * stride[0] + kh - top - bottom + outputPadding[0];
    const width = (w - 1) * stride[1] + kw - left - right + outputPadding[1];
    if (height < 1 || width < 1) throw new ShapeError(action, "nothing is left of the result");
    return f32(n, o, height, width);
  },
  cases: ([
    ["4x4 stride 2", [2, 3, 5, 4], [3, 4, 4, 4], true, { stride: [2, 2], padding: [1, 1, 1, 1] }],
    ["3x3 stride 2 with output padding", [1, 4, 4, 5], [4, 2, 3, 3], true, {
      stride: [2, 2],
      padding: [1, 1, 1, 1],
      outputPadding: [1, 1],
    }],
    ["one pixel, no bias", [1, 5, 1, 1], [5, 3, 3, 3], false, {}],
    ["groups", [1, 4, 3, 3], [4, 3, 2, 2], true, { groups: 2, stride: [2, 2] }],
  ] as const).map(([name, x, weight, bias, options]) => {
    const attributes: ConvTranspose2dAttributes = {
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      outputPadding: [0, 0],
      groups: 1,
      ...options,
    };
    return {
      name,
      inputs: [f32(...x), f32(...weight)].concat(bias ? [f32(weight[1] * attributes.groups)] : []),
      attributes,
    };
  }),
};

/** Settings of {@linkcode convTranspose2d}. */
export interface ConvTranspose2dOptions extends Partial<ConvTranspose2dAttributes> {
  /** `[c, o / groups, kh, kw]` */
  readonly weight: Tensor;
  /** `[o]` */
  readonly bias?: Tensor | undefined;
}

/** Transposed convolution of `x [n, c, h, w]`. */
export function convTranspose2d(x: Tensor, options: ConvTranspose2dOptions): Tensor {
  const {
    weight,
    bias,
    stride = [1, 1],
    padding = [0, 0, 0, 0],
    outputPadding = [0, 0],
    groups = 1,
  } = options;
  return apply(convTranspose2dOp, bias === undefined ? [x, weight] : [x, weight, bias], {
    stride,
    padding,
    outputPadding,
    groups,
  });
}
