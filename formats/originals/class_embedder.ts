/**
 * The table of classes of class-conditional latent diffusion: one token for each picture.
 *
 * @module
 */
import { type OriginalTextEncoder, sizesOf, type TextEncoderOptions } from "./text_encoder.ts";
import type { WeightSource } from "../weight_source.ts";

/**
 * Reads a table of classes. diffusers has no such network; its configuration is in the original's words.
 *
 * @throws {ModelError} If it is missing.
 */
export function readClassEmbedder(
  source: WeightSource,
  { prefix }: TextEncoderOptions,
): OriginalTextEncoder {
  const { size } = sizesOf(source, prefix);
  const name = "embedding.weight";
  return {
    className: "ClassEmbedder",
    config: { n_classes: size(name, 0), embed_dim: size(name, 1) },
    map: { pairs: [{ ours: name, theirs: prefix + name }] },
    assumed: [],
  };
}
