/**
 * `AutoencoderKL` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import {
  type AutoencoderKLConfig,
  decodeKL,
  encodeKL,
  samplePosterior,
} from "../../models/autoencoder_kl.ts";
import { DIFFUSERS_ACTIVATIONS } from "../../models/layers.ts";
import type { Network } from "./network.ts";
import { readSampleSize } from "./sample_size.ts";

/** Wider than any network. */
const MAX_CHANNELS = 2 ** 14;
/** More levels than a picture can be halved, and more residual blocks than any level has. */
const MAX_LEVELS = 16;
const MAX_LAYERS = 64;

/**
 * Reads `vae/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readAutoencoderKLConfig(c: ConfigReader): AutoencoderKLConfig {
  c.ignore("force_upcast");
  c.expect({ latents_mean: null, latents_std: null });
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
  const config: AutoencoderKLConfig = {
    inChannels: c.integer("in_channels", 3, { max: MAX_CHANNELS }),
    outChannels: c.integer("out_channels", 3, { max: MAX_CHANNELS }),
    latentChannels: c.integer("latent_channels", 4, { max: MAX_CHANNELS }),
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
    quantConv: c.flag("use_quant_conv", true),
    postQuantConv: c.flag("use_post_quant_conv", true),
    scalingFactor: c.number("scaling_factor", 0.18215),
    shiftFactor: c.nullable.number("shift_factor") ?? 0,
    sampleSize: Math.min(...readSampleSize(c, 32)),
  };
  if (channels.length > MAX_LEVELS) {
    throw c.error("block_out_channels", `but must have at most ${MAX_LEVELS} items`);
  }
  for (const { channels: width } of config.blocks.levels) {
    if (width % config.blocks.groups !== 0) {
      throw c.error("norm_num_groups", `but must divide block_out_channels (${width})`);
    }
  }
  if (!(config.scalingFactor > 0)) throw c.error("scaling_factor", "but must be positive");
  c.done();
  return config;
}

/** `AutoencoderKL` as a network with the methods `encode` and `decode`. */
export function autoencoderKLNetwork(c: ConfigReader): Network {
  const config = readAutoencoderKLConfig(c);
  const latents = `[n, ${config.latentChannels}, height / f, width / f]`;
  return {
    className: "AutoencoderKL",
    methods: new Map([
      ["encode", {
        inputs: { x: `[n, ${config.inChannels}, height, width]`, noise: latents },
        optional: ["noise"],
        graph: (specs) =>
          trace(({ x, noise }, weights) => {
            const posterior = encodeKL(config, x!, weights);
            return noise === undefined
              ? { ...posterior }
              : { ...posterior, sample: samplePosterior(posterior, noise) };
          }, specs),
      }],
      ["decode", {
        inputs: { z: latents },
        graph: (specs) =>
          trace(({ z }, weights) => ({ sample: decodeKL(config, z!, weights) }), specs),
      }],
    ]),
  };
}
