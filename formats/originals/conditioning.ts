/**
 * What a latent diffusion model is conditioned on: its text encoder, or its table of classes.
 *
 * @module
 */
import { config } from "../config_reader.ts";
import type { JsonValue } from "../json.ts";
import { readClassEmbedder } from "./class_embedder.ts";
import { readClipText } from "./clip_text.ts";
import { readLdmBert } from "./ldm_bert.ts";
import { readOpenClipText } from "./open_clip_text.ts";
import type { OriginalSettings } from "./original_settings.ts";
import type { Recognised } from "./recognise.ts";
import { type OriginalTextEncoder, sizesOf } from "./text_encoder.ts";
import type { WeightSource } from "../weight_source.ts";

/** A condition's network and its name in the pipeline. */
export interface ConditioningComponent {
  /** What the pipeline calls it. */
  readonly name: string;
  /** The network and its weights. */
  readonly network: OriginalTextEncoder;
}

/** Width and layers of OpenCLIP's ViT-H/14, whose last layer Stable Diffusion 2 does not use. */
const VIT_H = { width: 1024, layers: 24 };

/**
 * Opens what a recognised checkpoint is conditioned on.
 *
 * @throws {ModelError} If its weights are not complete or the configuration is another model's.
 */
export function conditioningComponent(
  source: WeightSource,
  { recognised: { conditioning }, settings, textEncoderConfig }: {
    readonly recognised: Recognised;
    readonly settings: OriginalSettings;
    readonly textEncoderConfig: JsonValue | undefined;
  },
): ConditioningComponent | undefined {
  const given = textEncoderConfig === undefined
    ? undefined
    : config(textEncoderConfig, "the text encoder's configuration");
  switch (conditioning) {
    case "clip": {
      const skip = settings.textLayer === "penultimate" ? 1 : 0;
      const options = { prefix: "cond_stage_model.transformer.", config: given, skip };
      return { name: "text_encoder", network: readClipText(source, options) };
    }
    case "open-clip": {
      const prefix = "cond_stage_model.model.";
      const skip = skippedLayers(source, { prefix, settings });
      return {
        name: "text_encoder",
        network: readOpenClipText(source, { prefix, config: given, skip }),
      };
    }
    case "bert":
      return {
        name: "bert",
        network: readLdmBert(source, { prefix: "cond_stage_model.transformer." }),
      };
    case "class":
      return {
        name: "class_embedder",
        network: readClassEmbedder(source, { prefix: "cond_stage_model." }),
      };
    case "none":
      return undefined;
  }
}

/** Stable Diffusion 2 attends to the last layer but one. Some files have left the last one out already. */
function skippedLayers(
  source: WeightSource,
  { prefix, settings }: { readonly prefix: string; readonly settings: OriginalSettings },
): number {
  if (settings.textLayer === "last") return 0;
  const { size, count } = sizesOf(source, prefix);
  const stored = count((at) => `transformer.resblocks.${at}.ln_1.weight`);
  const width = size("token_embedding.weight", 1);
  return width === VIT_H.width && stored === VIT_H.layers - 1 ? 0 : 1;
}
