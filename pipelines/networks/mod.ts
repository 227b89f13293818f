/**
 * The classes of networks that can be read.
 *
 * @module
 */
import { autoencoderKLNetwork } from "./autoencoder_kl.ts";
import { classEmbedderNetwork } from "./class_embedder.ts";
import { clipTextNetwork } from "./clip_text.ts";
import { ldmBertNetwork } from "./ldm_bert.ts";
import type { NetworkReader } from "./network.ts";
import { unet2dNetwork } from "./unet_2d.ts";
import { unet2dConditionNetwork } from "./unet_2d_condition.ts";
import { vqModelNetwork } from "./vq_model.ts";

/** Readers of configurations, by the class's name. */
export const networkReaders: ReadonlyMap<string, NetworkReader> = new Map([
  ["AutoencoderKL", autoencoderKLNetwork],
  ["ClassEmbedder", classEmbedderNetwork],
  ["CLIPTextModel", clipTextNetwork],
  ["LDMBertModel", ldmBertNetwork],
  ["UNet2DConditionModel", unet2dConditionNetwork],
  ["UNet2DModel", unet2dNetwork],
  ["VQModel", vqModelNetwork],
]);
