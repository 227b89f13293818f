/**
 * Multi-head attention as diffusers' checkpoints store it: `to_q`, `to_k`, `to_v`, `to_out.0`.
 *
 * @module
 */
import { add, attention as attend, concat, div, permute, reshape } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { groupNorm, layerNorm, linear } from "./layers.ts";
import { spatialNorm } from "./spatial_norm.ts";

/** Settings of {@linkcode attention}. */
export interface AttentionOptions {
  /** How many heads share the width. */
  readonly heads: number;
  /** Width of one head; heads x width need not be the width of x. */
  readonly headDim: number;
  /** What is attended to, `[n, tokens, d]`; x itself unless given. */
  readonly context?: Tensor | undefined;
  /** Whether queries, keys and values have biases. */
  readonly bias?: boolean;
  /** Normalisation of the context before keys and values. */
  readonly contextNorm?: ContextNorm | undefined;
}

/** How a context is normalised: each token over its width, or groups of the width over all tokens. */
export type ContextNorm = "layer_norm" | "group_norm";

/** Groups of {@linkcode ContextNorm} `group_norm`, whatever the network's. */
export const CONTEXT_GROUPS = 32;

/** `norm_cross` of a context `[n, tokens, d]`. */
function normaliseContext(w: Weights, context: Tensor, norm: ContextNorm | undefined): Tensor {
  switch (norm) {
    case undefined:
      return context;
    case "layer_norm":
      return layerNorm(w.at("norm_cross"), context);
    case "group_norm": {
      const channels = permute(context, [0, 2, 1]); // [n, d, tokens]
      const options = { groups: CONTEXT_GROUPS, epsilon: 1e-5 };
      return permute(groupNorm(w.at("norm_cross"), channels, options), [0, 2, 1]);
    }
  }
}

/** `[n, tokens, heads d]` to `[n, heads, tokens, d]`. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [n, tokens, width] = x.shape as [number, number, number];
  return permute(reshape(x, [n, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** `[n, heads, tokens, d]` to `[n, tokens, heads d]`. */
export function mergeHeads(x: Tensor): Tensor {
  const [n, heads, tokens, width] = x.shape as [number, number, number, number];
  return reshape(permute(x, [0, 2, 1, 3]), [n, tokens, heads * width]);
}

/** Multi-head attention of `x [n, tokens, d]` to itself or to a context (Vaswani et al. 2017). */
export function attention(w: Weights, x: Tensor, options: AttentionOptions): Tensor {
  const { heads, headDim, bias = false } = options;
  const inner = heads * headDim;
  return w.module(() => {
    const context = options.context === undefined
      ? x
      : normaliseContext(w, options.context, options.contextNorm);
    const q = splitHeads(linear(w.at("to_q"), x, { out: inner, bias }), heads);
    const k = splitHeads(linear(w.at("to_k"), context, { out: inner, bias }), heads);
    const v = splitHeads(linear(w.at("to_v"), context, { out: inner, bias }), heads);
    return linear(w.at("to_out.0"), mergeHeads(attend(q, { k, v })), { out: x.size(-1) });
  });
}

/** Settings of {@linkcode spatialAttention}. */
export interface SpatialAttentionOptions {
  /** How many heads there are. */
  readonly heads: number;
  /** Width of one; the heads share the channels unless said otherwise. */
  readonly headDim?: number | undefined;
  /** Groups of the normalisation; null leaves it out. */
  readonly groups: number | null;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Divides the sum of input and attention. */
  readonly outputScale?: number;
  /** Latents that scale and shift a normalisation before, see {@linkcode spatialNorm}. */
  readonly latents?: Tensor | undefined;
}

/** Normalised self-attention over the positions of `x [n, c, h, w]`, added to x (Ho et al. 2020). */
export function spatialAttention(w: Weights, x: Tensor, options: SpatialAttentionOptions): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const { heads, groups, epsilon, latents, outputScale = 1 } = options;
  const inner = options.headDim === undefined ? c : heads * options.headDim;
  return w.module(() => {
    const adapted = latents === undefined ? x : spatialNorm(w.at("spatial_norm"), x, { latents });
    const flat = reshape(adapted, [n, c, height * width]);
    const normed = groups === null
      ? flat
      : groupNorm(w.at("group_norm"), flat, { groups, epsilon });
    const tokens = permute(normed, [0, 2, 1]); // [n, hw, c]
    const project = (name: string) => splitHeads(linear(w.at(name), tokens, { out: inner }), heads);
    const attended = mergeHeads(
      attend(project("to_q"), { k: project("to_k"), v: project("to_v") }),
    );
    const image = permute(linear(w.at("to_out.0"), attended, { out: c }), [0, 2, 1]); // [n, c, hw]
    const sum = add(reshape(image, x.shape), x);
    return outputScale === 1 ? sum : div(sum, outputScale);
  });
}

/** Settings of {@linkcode addedAttention}. */
export interface AddedAttentionOptions {
  /** How many heads share the channels. */
  readonly heads: number;
  /** Groups of the normalisation, whose epsilon is 1e-5 whatever the network's. */
  readonly groups: number;
  /** Text tokens `[n, tokens, d]`. */
  readonly context: Tensor;
  /** Normalisation of the text. */
  readonly contextNorm: ContextNorm | undefined;
  /** The positions attend to the text only, not to each other. */
  readonly onlyCrossAttention: boolean;
}

/**
 * The positions of `x [n, c, h, w]` attend to the text and to each other at once, added to x: the keys and values of the
 * text stand before the image's (Nichol et al. 2021, section 4; DeepFloyd IF).
 */
export function addedAttention(w: Weights, x: Tensor, options: AddedAttentionOptions): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const { heads, groups, onlyCrossAttention } = options;
  return w.module(() => {
    const context = normaliseContext(w, options.context, options.contextNorm);
    const flat = reshape(x, [n, c, height * width]);
    const normed = groupNorm(w.at("group_norm"), flat, { groups, epsilon: 1e-5 });
    const tokens = permute(normed, [0, 2, 1]); // [n, hw, c]
    const project = (name: string, from: Tensor) =>
      splitHeads(linear(w.at(name), from, { out: c }), heads);
    const both = (added: string, own: string) =>
      onlyCrossAttention
        ? project(added, context)
        : concat([project(added, context), project(own, tokens)], { axis: 2 });
    const attended = attend(project("to_q", tokens), {
      k: both("add_k_proj", "to_k"),
      v: both("add_v_proj", "to_v"),
    });
    const mixed = linear(w.at("to_out.0"), mergeHeads(attended), { out: c });
    return add(reshape(permute(mixed, [0, 2, 1]), x.shape), x);
  });
}
