/**
 * Spatial transformers: where the text reaches the image.
 *
 * @module
 */
import { add, geglu, mul, permute, reshape, slice, sub } from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
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

/** Tokens of the first condition of {@linkcode dualTransformer2d}: CLIP's text. */
const FIRST_TOKENS = 77;
/** At most so many tokens of the second: CLIP's image at 256 patches. */
const SECOND_TOKENS = 257;

/**
 * Two transformers side by side, for a text and an image in one context; each adds half (Versatile Diffusion, Xu et al. 2023).
 *
 * The first 77 tokens go to the second transformer and the next 257 to the first, as in the reference.
 */
export function dualTransformer2d(
  w: Weights,
  x: Tensor,
  options: Pick<Transformer2DOptions, "heads" | "groups"> & { readonly context: Tensor },
): Tensor {
  const { context, heads, groups } = options;
  const tokens = context.size(1);
  if (tokens <= FIRST_TOKENS) {
    throw new ShapeError(
      `attend to ${tokens} tokens`,
      `dual cross attention needs more than ${FIRST_TOKENS}: those behind them are the second condition`,
    );
  }
  const half = (at: number, range: readonly [number, number]) => {
    const part = slice(context, { axis: 1, start: range[0], stop: range[1] });
    const encoded = transformer2d(w.at(`transformers.${at}`), x, {
      heads,
      groups,
      context: part,
      layers: 1,
      linearProjection: false,
      onlyCrossAttention: false,
    });
    return mul(sub(encoded, x), 0.5);
  };
  return w.module(() => {
    const first = half(1, [0, FIRST_TOKENS]);
    const second = half(0, [FIRST_TOKENS, Math.min(tokens, FIRST_TOKENS + SECOND_TOKENS)]);
    return add(add(first, second), x);
  });
}
