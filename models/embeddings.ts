/**
 * Embeddings of timesteps and of other conditions of the whole picture.
 *
 * @module
 */
import { add, attention as attend, concat, mul, reduce, reshape, unary } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { activate, type Activation, conv2d, layerNorm, linear } from "./layers.ts";

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

/**
 * A pooled text: one query, the mean of the tokens, attends to itself and to all tokens `[n, tokens, d]`, between two
 * normalisations (DeepFloyd IF; the pooling is CLIP's, Radford et al. 2021).
 *
 * @returns `[n, out]`
 */
export function pooledText(
  w: Weights,
  text: Tensor,
  options: { readonly heads: number; readonly out: number },
): Tensor {
  const { heads, out } = options;
  const [n, , d] = text.shape as [number, number, number];
  return w.module(() => {
    const normed = layerNorm(w.at("norm1"), text);
    const pooled = w.at("pool").module((pool) => {
      const mean = reduce(normed, { f: "mean", axes: [1], keepDims: true });
      const query = add(mean, pool.tensor("positional_embedding", [1, d])); // [n, 1, d]
      const all = concat([query, normed], { axis: 1 });
      const project = (name: string, x: Tensor) =>
        splitHeads(linear(pool.at(name), x, { out: d }), heads);
      const k = project("k_proj", all);
      const v = project("v_proj", all);
      return reshape(mergeHeads(attend(project("q_proj", query), { k, v })), [n, d]);
    });
    return layerNorm(w.at("norm2"), linear(w.at("proj"), pooled, { out }));
  });
}

/** Words made of an image's embedding `[n, d]`: `[n, count, width]` (Kandinsky, Razzhigaev et al. 2023). */
export function imageWords(
  w: Weights,
  image: Tensor,
  options: { readonly count: number; readonly width: number },
): Tensor {
  const { count, width } = options;
  return reshape(linear(w, image, { out: count * width }), [image.size(0), count, width]);
}

/** Four channels of an image `[n, 3, 8 h, 8 w]` at the size of the latents: eight convolutions (Kandinsky 2.2). */
export function imageHint(w: Weights, image: Tensor): Tensor {
  // [channels, stride]; in the checkpoint every second module is the activation between two.
  const layers = [[16, 1], [16, 1], [32, 2], [32, 1], [96, 2], [96, 1], [256, 2], [4, 1]] as const;
  return w.module(() => {
    let h = image;
    layers.forEach(([out, stride], at) => {
      if (at > 0) h = activate(h, "silu");
      h = conv2d(w.at(String(2 * at)), h, { out, stride });
    });
    return h;
  });
}
