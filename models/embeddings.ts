/**
 * Embeddings of timesteps and of other conditions of the whole picture.
 *
 * @module
 */
import { add, concat, mul, reshape, unary } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { activate, type Activation, linear } from "./layers.ts";

/** Settings of {@linkcode timeMlp}. */
export interface TimeMlpOptions {
  /** Width of the embedding. */
  readonly out: number;
  /** Between the two layers. */
  readonly activation: Activation;
  /** After the second layer. */
  readonly postActivation?: Activation | undefined;
  /** A further condition `[n, d]`, projected and added to x (guidance distillation, Meng et al. 2023). */
  readonly condition?: Tensor | undefined;
}

/** Two linear layers: diffusers' `TimestepEmbedding`. */
export function timeMlp(w: Weights, x: Tensor, options: TimeMlpOptions): Tensor {
  const { out, activation, postActivation, condition } = options;
  return w.module(() => {
    const input = condition === undefined
      ? x
      : add(x, linear(w.at("cond_proj"), condition, { out: x.size(-1), bias: false }));
    const hidden = activate(linear(w.at("linear_1"), input, { out }), activation);
    const embedded = linear(w.at("linear_2"), hidden, { out });
    return postActivation === undefined ? embedded : activate(embedded, postActivation);
  });
}

/** Random Fourier features of timesteps `[n]` (Tancik et al. 2020), whose frequencies the checkpoint holds. */
export function fourierFeatures(
  w: Weights,
  timesteps: Tensor,
  options: { readonly dim: number; readonly flipSinToCos: boolean },
): Tensor {
  return w.module(() => {
    const frequencies = w.tensor("weight", [options.dim / 2]);
    // Rounded product by product, as the reference rounds: 2 pi comes last.
    const angles = mul(
      mul(mul(reshape(timesteps, [timesteps.size(0), 1]), frequencies), 2),
      Math.PI,
    );
    const [sine, cosine] = [unary("sin", angles), unary("cos", angles)];
    return concat(options.flipSinToCos ? [cosine, sine] : [sine, cosine], { axis: 1 });
  });
}
