/**
 * The first stage with a codebook: diffusers' `VQModel` (van den Oord et al. 2017; Esser et al. 2021; Rombach et al. 2022).
 *
 * @module
 */
import {
  embedding as lookUp,
  mul,
  nearestCode,
  permute,
  reduce,
  reshape,
  sub,
} from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { type AutoencoderBlocksConfig, decoder, encoder } from "./autoencoder_blocks.ts";
import { conv2d } from "./layers.ts";
import { requireChannels } from "./require_channels.ts";

/** Weight of the term that draws the encoder to its codes (van den Oord et al. 2017, equation 3). */
const BETA = 0.25;

/** Everything that decides the network, and how pipelines scale its latents. */
export interface VQModelConfig {
  /** Channels of the image. */
  readonly inChannels: number;
  /** Channels of the decoded image. */
  readonly outChannels: number;
  /** Channels between encoder and codebook, codebook and decoder. */
  readonly latentChannels: number;
  /** Numbers of a code: channels of what the encoder gives and the decoder takes. */
  readonly codeWidth: number;
  /** Codes in the codebook. */
  readonly codeCount: number;
  /** Encoder and decoder. */
  readonly blocks: AutoencoderBlocksConfig;
  /** The decoder's normalisations see the latents too (MoVQ, Zheng et al. 2022). */
  readonly spatialNorm: boolean;
  /** Denoisers see latents times this, where the pipeline says so. */
  readonly scalingFactor: number;
  /** Side in pixels that the model was trained for. */
  readonly sampleSize: number;
}

/**
 * Latents `[n, codeWidth, H / f, W / f]` of an image `[n, inChannels, H, W]` in -1..1, before quantisation.
 *
 * @throws {ShapeError} If the image has other channels.
 */
export function encodeVQ(config: VQModelConfig, image: Tensor, w: Weights): Tensor {
  const { blocks, inChannels, latentChannels, codeWidth } = config;
  requireChannels(image, { action: "encode", channels: inChannels });
  const h = encoder(w.at("encoder"), image, { config: blocks, out: latentChannels });
  return conv2d(w.at("quant_conv"), h, { out: codeWidth, kernel: 1 });
}

/** Latents of which every position is a code. */
export interface Quantized {
  /** The codes `[n, codeWidth, h, w]`. */
  readonly quantized: Tensor;
  /** Their numbers `[n, h, w]`, whole. */
  readonly indices: Tensor;
}

/** The codes `[n, codeWidth, h, w]` of numbers `[n, h, w]`. */
export function lookUpCodes(config: VQModelConfig, indices: Tensor, w: Weights): Tensor {
  const { codeCount, codeWidth } = config;
  const at = w.at("quantize");
  return at.module(() => {
    const table = at.tensor("embedding.weight", [codeCount, codeWidth]);
    return permute(lookUp(indices, { table }), [0, 3, 1, 2]);
  });
}

/**
 * Replaces each position of latents `[n, codeWidth, h, w]` by the nearest code, the first of equals.
 *
 * @throws {ShapeError} If the latents are not as wide as the codes.
 */
export function quantizeVQ(config: VQModelConfig, latents: Tensor, w: Weights): Quantized {
  const { codeCount, codeWidth } = config;
  requireChannels(latents, { action: "quantize", channels: codeWidth });
  const [n, , height, width] = latents.shape as [number, number, number, number];
  const at = w.at("quantize");
  const codebook = at.tensor("embedding.weight", [codeCount, codeWidth]);
  const rows = reshape(permute(latents, [0, 2, 3, 1]), [n * height * width, codeWidth]);
  const indices = reshape(nearestCode(rows, { codebook }), [n, height, width]);
  return { quantized: lookUpCodes(config, indices, w), indices };
}

/** What training adds to the loss: (1 + beta) times the mean of (quantized - latents)², one number. */
export function commitmentLoss(quantized: Tensor, latents: Tensor): Tensor {
  const difference = sub(quantized, latents);
  return mul(reduce(mul(difference, difference), { f: "mean" }), 1 + BETA);
}

/**
 * The image, about -1..1, of latents `[n, codeWidth, h, w]` as they are: those of {@linkcode quantizeVQ} or
 * {@linkcode lookUpCodes}, or others on the way between codes.
 *
 * @throws {ShapeError} If the latents are not as wide as the codes.
 */
export function decodeVQ(config: VQModelConfig, latents: Tensor, w: Weights): Tensor {
  const { blocks, codeWidth, latentChannels, outChannels, spatialNorm } = config;
  requireChannels(latents, { action: "decode", channels: codeWidth });
  const z = conv2d(w.at("post_quant_conv"), latents, { out: latentChannels, kernel: 1 });
  return decoder(w.at("decoder"), z, {
    config: blocks,
    out: outChannels,
    latents: spatialNorm ? latents : undefined,
  });
}
