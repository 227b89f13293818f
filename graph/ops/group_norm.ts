/** Group normalisation. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { requireFloats } from "../require_floats.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `groupNorm`. */
export interface GroupNormAttributes {
  /** The channels fall into as many groups. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** (x - mean) / sqrt(variance + epsilon) over a group's channels and all positions (Wu & He 2018), then scaled and shifted. */
export const groupNormOp: OpDefinition<"groupNorm"> = {
  name: "groupNorm",
  inputs: "x [n, c, ...], weight [c]?, bias [c]?",
  summary:
    "Normalises groups of channels to mean 0 and (biased) variance 1, then scales and shifts channels.",
  infer([x, ...affine], { groups }) {
    const action = `normalise ${describe(x!)} in ${groups} groups`;
    requireFloats(action, [x, ...affine]);
    const channels = x!.shape[1];
    if (channels === undefined) throw new ShapeError(action, "it needs two axes or more");
    if (channels % groups !== 0) {
      throw new ShapeError(action, `${channels} channels do not divide evenly`);
    }
    for (const tensor of affine) {
      if (tensor.shape.length !== 1 || tensor.shape[0] !== channels) {
        throw new ShapeError(
          action,
          `weight and bias must be [${channels}], not ${describe(tensor)}`,
        );
      }
    }
    return x!;
  },
  cases: ([
    ["8 groups", [2, 16, 5, 7], 8, true, {}],
    ["one channel a group", [1, 6, 4, 4], 6, true, {}],
    ["one group", [1, 5, 3, 3], 1, true, {}],
    ["no weights", [2, 4, 6], 2, false, {}],
    ["far from zero", [1, 8, 8, 8], 4, true, { kind: "normal", offset: 100 }],
    ["very small", [1, 8, 4, 4], 2, true, { kind: "normal", scale: 1e-4 }],
    ["constant", [1, 4, 3, 3], 2, true, { kind: "uniform", low: 3, high: 3 }],
    ["more than a workgroup", [1, 32, 24, 24], 8, true, {}],
  ] as const).map(([name, x, groups, affine, values]) => ({
    name,
    inputs: [{ ...f32(...x), ...("kind" in values ? { values } : {}) }]
      .concat(affine ? [f32(x[1]), f32(x[1])] : []),
    attributes: { groups, epsilon: 1e-5 },
  })),
};

/** Settings of {@linkcode groupNorm}. */
export interface GroupNormOptions extends GroupNormAttributes {
  /** `[c]` */
  readonly weight?: Tensor;
  /** `[c]`; needs a weight. */
  readonly bias?: Tensor;
}

/** Group normalisation of `x [n, c, ...]`. */
export function groupNorm(x: Tensor, options: GroupNormOptions): Tensor {
  const { weight, bias, groups, epsilon } = options;
  if (bias !== undefined && weight === undefined) {
    throw new ShapeError(`normalise ${describe(x)}`, "a bias needs a weight beside it");
  }
  const inputs = [x, weight, bias].filter((tensor) => tensor !== undefined);
  return apply(groupNormOp, inputs, { groups, epsilon });
}
