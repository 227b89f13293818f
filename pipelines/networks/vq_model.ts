/**
 * `VQModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { DIFFUSERS_ACTIVATIONS } from "../../models/layers.ts";
import { SPATIAL_NORM_GROUPS } from "../../models/spatial_norm.ts";
import {
  commitmentLoss,
  decodeVQ,
  encodeVQ,
  lookUpCodes,
  quantizeVQ,
  type VQModelConfig,
} from "../../models/vq_model.ts";
import type { Network } from "./network.ts";
import { readSampleSize } from "./sample_size.ts";

/** Wider than any network. */
const MAX_CHANNELS = 2 ** 14;
/** More levels than a picture can be halved, and more residual blocks than any level has. */
const MAX_LEVELS = 16;
const MAX_LAYERS = 64;

/**
 * Reads `vqvae/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readVQModelConfig(c: ConfigReader): VQModelConfig {
  // The second says what the reference's `force_not_quantize` means; here both meanings have a method of their own.
  c.ignore("force_upcast", "lookup_from_codebook");
  const channels = c.integers("block_out_channels", [64], { max: MAX_CHANNELS });
  const per = { per: "block_out_channels" } as const;
  const down = c.choices("down_block_types", ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"], {
    ...per,
    fallback: ["DownEncoderBlock2D"],
  });
  const up = c.choices("up_block_types", ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"], {
    ...per,
    fallback: ["UpDecoderBlock2D"],
  });
  const last = channels.length - 1;
  const latentChannels = c.integer("latent_channels", 3, { max: MAX_CHANNELS });
  const config: VQModelConfig = {
    inChannels: c.integer("in_channels", 3, { max: MAX_CHANNELS }),
    outChannels: c.integer("out_channels", 3, { max: MAX_CHANNELS }),
    latentChannels,
    codeWidth: c.nullable.integer("vq_embed_dim", null, { max: MAX_CHANNELS }) ?? latentChannels,
    codeCount: c.integer("num_vq_embeddings", 256),
    blocks: {
      levels: channels.map((width, at) => ({
        channels: width,
        attention: {
          down: down[at] === "AttnDownEncoderBlock2D",
          up: up[last - at] === "AttnUpDecoderBlock2D",
        },
      })),
      layers: c.integer("layers_per_block", 1, { max: MAX_LAYERS }),
      groups: c.integer("norm_num_groups", 32),
      activation: c.choice("act_fn", DIFFUSERS_ACTIVATIONS, "silu"),
      midAttention: c.flag("mid_block_add_attention", true),
    },
    spatialNorm: c.choice("norm_type", ["group", "spatial"], "group") === "spatial",
    scalingFactor: c.number("scaling_factor", 0.18215),
    sampleSize: Math.min(...readSampleSize(c, 32)),
  };
  checkVQModel(c, config);
  c.done();
  return config;
}

function checkVQModel(c: ConfigReader, config: VQModelConfig): void {
  const { blocks: { levels, groups }, spatialNorm, codeWidth, latentChannels } = config;
  if (levels.length > MAX_LEVELS) {
    throw c.error("block_out_channels", `but must have at most ${MAX_LEVELS} items`);
  }
  for (const { channels } of levels) {
    if (channels % groups !== 0) {
      throw c.error("norm_num_groups", `but must divide block_out_channels (${channels})`);
    }
    if (spatialNorm && channels % SPATIAL_NORM_GROUPS !== 0) {
      throw c.error(
        "norm_type",
        `but its ${SPATIAL_NORM_GROUPS} groups must divide block_out_channels (${channels})`,
      );
    }
  }
  // The reference makes these normalisations for the one and gives them the other.
  if (spatialNorm && codeWidth !== latentChannels) {
    throw c.error(
      "norm_type",
      `but then vq_embed_dim (${codeWidth}) must be latent_channels (${latentChannels})`,
    );
  }
  if (!(config.scalingFactor > 0)) throw c.error("scaling_factor", "but must be positive");
}

/**
 * `VQModel` as a network with the methods `encode`, `quantize`, `decode` (with quantisation), `decode_unquantized` (latents
 * as they are) and `decode_codes` (numbers of codes); the last two are the reference's `force_not_quantize`.
 */
export function vqModelNetwork(c: ConfigReader): Network {
  const config = readVQModelConfig(c);
  const latents = `[n, ${config.codeWidth}, height / f, width / f]`;
  return {
    className: "VQModel",
    methods: new Map([
      ["encode", {
        inputs: { x: `[n, ${config.inChannels}, height, width]` },
        graph: (specs) =>
          trace(({ x }, weights) => ({ latents: encodeVQ(config, x!, weights) }), specs),
      }],
      ["quantize", {
        inputs: { z: latents },
        graph: (specs) =>
          trace(({ z }, weights) => {
            const { quantized, indices } = quantizeVQ(config, z!, weights);
            return { quantized, indices, commit_loss: commitmentLoss(quantized, z!) };
          }, specs),
      }],
      ["decode", {
        inputs: { z: latents },
        graph: (specs) =>
          trace(({ z }, weights) => {
            const { quantized } = quantizeVQ(config, z!, weights);
            return { sample: decodeVQ(config, quantized, weights) };
          }, specs),
      }],
      ["decode_unquantized", {
        inputs: { z: latents },
        graph: (specs) =>
          trace(({ z }, weights) => ({ sample: decodeVQ(config, z!, weights) }), specs),
      }],
      ["decode_codes", {
        inputs: { indices: "[n, height / f, width / f] of whole numbers" },
        graph: (specs) =>
          trace(({ indices }, weights) => {
            const quantized = lookUpCodes(config, indices!, weights);
            return { sample: decodeVQ(config, quantized, weights) };
          }, specs),
      }],
    ]),
  };
}
