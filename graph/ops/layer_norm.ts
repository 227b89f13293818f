/** Layer normalisation. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `layerNorm`. */
export interface LayerNormAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}

/** (x - mean) / sqrt(variance + epsilon) over the last axis (Ba et al. 2016), then scaled and shifted. */
export const layerNormOp: OpDefinition<"layerNorm"> = {
  name: "layerNorm",
  inputs: "x [..., d], weight [d]?, bias [d]?",
  summary: "Normalises the last axis to mean 0 and (biased) variance 1, then scales and shifts it.",
  infer([x, ...affine]) {
    const action = `normalise ${describe(x!)}`;
    requireFloats(action, [x, ...affine]);
    const size = x!.shape.at(-1);
    if (size === undefined) throw new ShapeError(action, "a scalar has no axis");
    for (const tensor of affine) {
      if (tensor.shape.length !== 1 || tensor.shape[0] !== size) {
        throw new ShapeError(action, `weight and bias must be [${size}], not ${describe(tensor)}`);
      }
    }
    return x!;
  },
  cases: ([
    ["a batch", [2, 5, 8], true, {}],
    ["no weights", [3, 7], false, {}],
    ["one feature", [4, 1], true, {}],
    ["far from zero", [3, 40], true, { kind: "normal", offset: 100 }],
    ["constant rows", [2, 6], true, { kind: "uniform", low: 3, high: 3 }],
    ["wide", [2, 3, 1280], true, {}],
  ] as const).map(([name, x, affine, values]) => ({
    name,
    inputs: [{ ...f32(...x), ...("kind" in values ? { values } : {}) }]
      .concat(affine ? [f32(x.at(-1)!), f32(x.at(-1)!)] : []),
    attributes: { epsilon: 1e-5 },
  })),
};

/** Settings of {@linkcode layerNorm}. */
export interface LayerNormOptions extends LayerNormAttributes {
  /** `[d]` */
  readonly weight?: Tensor;
  /** `[d]`; needs a weight. */
  readonly bias?: Tensor;
}

/** Layer normalisation of the last axis of `x [..., d]`. */
export function layerNorm(x: Tensor, options: LayerNormOptions): Tensor {
  const { weight, bias, epsilon } = options;
  if (bias !== undefined && weight === undefined) {
    throw new ShapeError(`normalise ${describe(x)}`, "a bias needs a weight beside it");
  }
  const inputs = [x, weight, bias].filter((tensor) => tensor !== undefined);
  return apply(layerNormOp, inputs, { epsilon });
}
