/**
 * Encoder and decoder that all first stages share (Esser et al. 2021; Rombach et al. 2022, appendix E.1).
 *
 * @module
 */
import type { Tensor, Weights } from "../graph/trace.ts";
import { spatialAttention } from "./attention.ts";
import { activate, type Activation, conv2d, groupNorm } from "./layers.ts";
import { downsample, resnetBlock, upsample } from "./resnet.ts";
import { spatialNorm } from "./spatial_norm.ts";

/** Epsilon of every normalisation in a first stage. */
const EPSILON = 1e-6;

/** One level of a first stage. */
export interface AutoencoderLevel {
  /** Channels. */
  readonly channels: number;
  /** Self-attention after each residual block of the encoder, of the decoder. */
  readonly attention: { readonly down: boolean; readonly up: boolean };
}

/** Everything that decides encoder and decoder. */
export interface AutoencoderBlocksConfig {
  /** From the full resolution downwards. */
  readonly levels: readonly AutoencoderLevel[];
  /** Residual blocks a level in the encoder; one more in the decoder. */
  readonly layers: number;
  /** Groups of every normalisation. */
  readonly groups: number;
  /** Activation function of the residual blocks; before the last convolution it is always silu. */
  readonly activation: Activation;
  /** Self-attention in the middle. */
  readonly midAttention: boolean;
}

/** Settings of {@linkcode encoder} and {@linkcode decoder}. */
export interface AutoencoderBlocksOptions {
  /** The network. */
  readonly config: AutoencoderBlocksConfig;
  /** Channels of the result. */
  readonly out: number;
  /** Latents that scale and shift every normalisation in place of its own groups, see {@linkcode spatialNorm}. */
  readonly latents?: Tensor | undefined;
}

type Options = AutoencoderBlocksOptions;

const resnet = ({ config: { groups, activation }, latents }: Options) => ({
  groups,
  activation,
  epsilon: EPSILON,
  latents,
});
/** One head as wide as the channels. */
const oneHead = ({ config: { groups }, latents }: Options) => ({
  groups: latents === undefined ? groups : null,
  heads: 1,
  epsilon: EPSILON,
  latents,
});

function middle(w: Weights, x: Tensor, options: Options): Tensor {
  const out = x.size(1);
  return w.module(() => {
    let h = resnetBlock(w.at("resnets.0"), x, { ...resnet(options), out });
    if (options.config.midAttention) {
      h = spatialAttention(w.at("attentions.0"), h, oneHead(options));
    }
    return resnetBlock(w.at("resnets.1"), h, { ...resnet(options), out });
  });
}

function finish(w: Weights, x: Tensor, options: Options): Tensor {
  const { config: { groups }, latents } = options;
  const norm = w.at("conv_norm_out");
  const normed = latents === undefined
    ? groupNorm(norm, x, { groups, epsilon: EPSILON })
    : spatialNorm(norm, x, { latents });
  return conv2d(w.at("conv_out"), activate(normed, "silu"), { out: options.out });
}

/** Image `[n, 3, H, W]` to `[n, out, H / f, W / f]`, f = 2^(levels - 1). */
export function encoder(w: Weights, image: Tensor, options: AutoencoderBlocksOptions): Tensor {
  const { config } = options;
  return w.module(() => {
    let h = conv2d(w.at("conv_in"), image, { out: config.levels[0]!.channels });
    config.levels.forEach(({ channels: out, attention }, at) => {
      h = w.at(`down_blocks.${at}`).module((block) => {
        for (let layer = 0; layer < config.layers; layer++) {
          h = resnetBlock(block.at(`resnets.${layer}`), h, { ...resnet(options), out });
          if (attention.down) {
            h = spatialAttention(block.at(`attentions.${layer}`), h, oneHead(options));
          }
        }
        return at === config.levels.length - 1
          ? h
          : downsample(block.at("downsamplers.0"), h, { out, padding: 0 });
      });
    });
    return finish(w, middle(w.at("mid_block"), h, options), options);
  });
}

/** Latents `[n, c, h, w]` to an image `[n, out, f h, f w]`. */
export function decoder(w: Weights, latents: Tensor, options: AutoencoderBlocksOptions): Tensor {
  const { config } = options;
  return w.module(() => {
    let h = conv2d(w.at("conv_in"), latents, { out: config.levels.at(-1)!.channels });
    h = middle(w.at("mid_block"), h, options);
    config.levels.toReversed().forEach(({ channels: out, attention }, at) => {
      h = w.at(`up_blocks.${at}`).module((block) => {
        for (let layer = 0; layer <= config.layers; layer++) {
          h = resnetBlock(block.at(`resnets.${layer}`), h, { ...resnet(options), out });
          if (attention.up) {
            h = spatialAttention(block.at(`attentions.${layer}`), h, oneHead(options));
          }
        }
        return at === config.levels.length - 1 ? h : upsample(block.at("upsamplers.0"), h, { out });
      });
    });
    return finish(w, h, options);
  });
}
