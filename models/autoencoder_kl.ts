/**
 * The first stage with a Gaussian posterior: diffusers' `AutoencoderKL` (Kingma & Welling 2014; Rombach et al. 2022).
 *
 * @module
 */
import { add, clamp, exp, mul, split } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { type AutoencoderBlocksConfig, decoder, encoder } from "./autoencoder_blocks.ts";
import { conv2d } from "./layers.ts";

/** Everything that decides the network, and how pipelines scale its latents. */
export interface AutoencoderKLConfig {
  /** Channels of the image. */
  readonly inChannels: number;
  /** Channels of the decoded image. */
  readonly outChannels: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** Encoder and decoder. */
  readonly blocks: AutoencoderBlocksConfig;
  /** A 1x1 convolution behind the encoder. */
  readonly quantConv: boolean;
  /** A 1x1 convolution before the decoder. */
  readonly postQuantConv: boolean;
  /** Denoisers see latents times this. */
  readonly scalingFactor: number;
  /** Subtracted from latents before they are scaled. */
  readonly shiftFactor: number;
  /** Side in pixels that the model was trained for. */
  readonly sampleSize: number;
}

/** How many pixels a side of one latent pixel has. */
export function autoencoderFactor(blocks: AutoencoderBlocksConfig): number {
  return 2 ** (blocks.levels.length - 1);
}

/** A Gaussian per latent pixel. */
export interface Posterior {
  /** `[n, c, h, w]`, also its mode. */
  readonly mean: Tensor;
  /** Clamped to -30..20, as in the original. */
  readonly logvar: Tensor;
  /** exp(logvar / 2) */
  readonly std: Tensor;
}

/** The posterior of an image `[n, 3, H, W]` in -1..1. */
export function encodeKL(config: AutoencoderKLConfig, image: Tensor, w: Weights): Posterior {
  return posteriorOf(momentsKL(config, image, w));
}

/** The posterior's mean, and the logarithm of its variance as the network leaves it. `[n, 2 c, h, w]` */
export function momentsKL(config: AutoencoderKLConfig, image: Tensor, w: Weights): Tensor {
  const out = 2 * config.latentChannels;
  const encoded = encoder(w.at("encoder"), image, { config: config.blocks, out });
  return config.quantConv ? conv2d(w.at("quant_conv"), encoded, { out, kernel: 1 }) : encoded;
}

/** The posterior whose mean and logarithm of the variance are `[n, 2 c, h, w]`. */
export function posteriorOf(moments: Tensor): Posterior {
  const channels = moments.size(1) / 2;
  const [mean, raw] = split(moments, { axis: 1, sizes: [channels, channels] }) as [Tensor, Tensor];
  const logvar = clamp(raw, { min: -30, max: 20 });
  return { mean, logvar, std: exp(mul(logvar, 0.5)) };
}

/** mean + std * noise */
export function samplePosterior(posterior: Posterior, noise: Tensor): Tensor {
  return add(posterior.mean, mul(posterior.std, noise));
}

/** The image, about -1..1, of latents `[n, c, h, w]` as the encoder makes them, not scaled. */
export function decodeKL(config: AutoencoderKLConfig, latents: Tensor, w: Weights): Tensor {
  const z = config.postQuantConv
    ? conv2d(w.at("post_quant_conv"), latents, { out: config.latentChannels, kernel: 1 })
    : latents;
  return decoder(w.at("decoder"), z, { config: config.blocks, out: config.outChannels });
}
