/**
 * Spatial transformers: where the text reaches the image.
 *
 * @module
 */
import { add, geglu, permute, reshape } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { attention } from "./attention.ts";
import { conv2d, groupNorm, layerNorm, linear } from "./layers.ts";

/** Settings of {@linkcode transformer2d}. */
export interface Transformer2DOptions {
  /** Attention heads; their width is channels / heads. */
  readonly heads: number;
  /** Number of transformer blocks. */
  readonly layers: number;
  /** Text tokens `[n, tokens, d]`. */
  readonly context?: Tensor | undefined;
  /** Groups of the normalisation, whose epsilon is 1e-6 whatever the network's. */
  readonly groups: number;
  /** Projections are linear layers on tokens instead of 1x1 convolutions on the image. */
  readonly linearProjection: boolean;
  /** The first attention too attends to the context. */
  readonly onlyCrossAttention: boolean;
}

/** Self-attention, cross-attention and a gated feed-forward layer, each added to its input (Rombach et al. 2022, appendix E.2.1). */
function transformerBlock(
  w: Weights,
  x: Tensor,
  options: Pick<Transformer2DOptions, "heads" | "context" | "onlyCrossAttention">,
): Tensor {
  const { heads, context, onlyCrossAttention } = options;
  const width = x.size(-1);
  const shape = { heads, headDim: width / heads };
  return w.module(() => {
    const first = { ...shape, context: onlyCrossAttention ? context : undefined };
    let h = add(attention(w.at("attn1"), layerNorm(w.at("norm1"), x), first), x);
    h = add(attention(w.at("attn2"), layerNorm(w.at("norm2"), h), { ...shape, context }), h);
    const feedForward = w.at("ff").module((ff) => {
      const gated = ff.at("net.0").module((net) =>
        geglu(linear(net.at("proj"), layerNorm(w.at("norm3"), h), { out: 8 * width }))
      );
      return linear(ff.at("net.2"), gated, { out: width });
    });
    return add(feedForward, h);
  });
}

/** A transformer over the positions of `x [n, c, h, w]`, added to x. */
export function transformer2d(w: Weights, x: Tensor, options: Transformer2DOptions): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const toTokens = (image: Tensor) => reshape(permute(image, [0, 2, 3, 1]), [n, height * width, c]);
  const toImage = (tokens: Tensor) => permute(reshape(tokens, [n, height, width, c]), [0, 3, 1, 2]);
  return w.module(() => {
    const normed = groupNorm(w.at("norm"), x, { groups: options.groups, epsilon: 1e-6 });
    let h = options.linearProjection
      ? linear(w.at("proj_in"), toTokens(normed), { out: c })
      : toTokens(conv2d(w.at("proj_in"), normed, { out: c, kernel: 1 }));
    for (let layer = 0; layer < options.layers; layer++) {
      h = transformerBlock(w.at(`transformer_blocks.${layer}`), h, options);
    }
    h = options.linearProjection
      ? toImage(linear(w.at("proj_out"), h, { out: c }))
      : conv2d(w.at("proj_out"), toImage(h), { out: c, kernel: 1 });
    return add(h, x);
  });
}
