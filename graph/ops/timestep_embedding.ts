/** Sinusoidal embeddings. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `timestepEmbedding`. */
export interface TimestepEmbeddingAttributes {
  /** Width of the embedding. */
  readonly dim: number;
  /** Cosines first. */
  readonly flipSinToCos: boolean;
  /** Subtracted from dim/2 in the frequencies' denominator. */
  readonly freqShift: number;
  /** Multiplies the angles. */
  readonly scale: number;
  /** Least frequency is about 1 / this. */
  readonly maxPeriod: number;
}

/**
 * The frequencies f_k = exp(-ln(maxPeriod) k / (dim/2 - freqShift)) in float32, each step rounded as torch rounds it:
 * an angle of hundreds of radians keeps only five digits after the point, so the rounding is part of the definition.
 */
export function timestepFrequencies(attributes: TimestepEmbeddingAttributes): Float32Array {
  const half = Math.floor(attributes.dim / 2);
  const slope = Math.fround(-Math.log(attributes.maxPeriod));
  return Float32Array.from({ length: half }, (_, k) => {
    const exponent = Math.fround(Math.fround(slope * k) / Math.fround(half - attributes.freqShift));
    return Math.exp(exponent);
  });
}

/** Sines and cosines of scale t f_k (Vaswani et al. 2017; Ho et al. 2020). */
export const timestepEmbeddingOp: OpDefinition<"timestepEmbedding"> = {
  name: "timestepEmbedding",
  inputs: "timesteps [n]",
  summary:
    "Sines, then cosines (or the reverse) of each timestep times falling frequencies; angles are rounded to float32.",
  infer([timesteps], { dim }) {
    if (timesteps!.shape.length !== 1 || timesteps!.dtype !== "f32" || dim < 2) {
      throw new ShapeError(
        `embed ${describe(timesteps!)} in ${dim} numbers`,
        "it takes f32[n] and two numbers or more",
      );
    }
    return f32(timesteps!.shape[0]!, dim);
  },
  cases: ([
    ["Stable Diffusion", 320, true, 0],
    ["DDPM", 128, false, 1],
    ["odd width", 33, true, 0],
  ] as const).map(([name, dim, flipSinToCos, freqShift]) => ({
    name,
    inputs: [{
      ...f32(6),
      values: { kind: "values", values: [0, 1, 10.5, 333, 981, 999] } as const,
    }],
    attributes: { dim, flipSinToCos, freqShift, scale: 1, maxPeriod: 10000 },
  })),
};

/** Embeds `timesteps [n]` in `[n, dim]`. */
export function timestepEmbedding(
  timesteps: Tensor,
  options: Pick<TimestepEmbeddingAttributes, "dim"> & Partial<TimestepEmbeddingAttributes>,
): Tensor {
  const { dim, flipSinToCos = false, freqShift = 1, scale = 1, maxPeriod = 10000 } = options;
  return apply(timestepEmbeddingOp, [timesteps], {
    dim,
    flipSinToCos,
    freqShift,
    scale,
    maxPeriod,
  });
}
