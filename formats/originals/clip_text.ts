/**
 * CLIP's text encoder as Stable Diffusion 1 stores it: transformers' own names below `cond_stage_model.transformer`.
 *
 * @module
 */
import type { ConfigReader } from "../config_reader.ts";
import type { JsonObject } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { type KeyTable, layer, place, sameLayers } from "./key_map.ts";
import {
  checkSize,
  type OriginalTextEncoder,
  sizesOf,
  type TextEncoderOptions,
  usualHeads,
} from "./text_encoder.ts";
import type { WeightSource } from "../weight_source.ts";

const LAYER: KeyTable = sameLayers(
  ...["q_proj", "k_proj", "v_proj", "out_proj"].map((name) => `self_attn.${name}`),
  "layer_norm1",
  "layer_norm2",
  "mlp.fc1",
  "mlp.fc2",
);

/** Names below `text_model`, which are the same on both sides. */
export function clipTextTable(layers: number): KeyTable {
  return [
    ...["token_embedding", "position_embedding"].map((name) => {
      const full = `embeddings.${name}.weight`;
      return { ours: full, theirs: full };
    }),
    ...Array.from({ length: layers }, (_, at) => {
      const path = `encoder.layers.${at}`;
      return place(LAYER, { ours: path, theirs: path });
    }).flat(),
    ...layer("final_layer_norm", "final_layer_norm"),
  ];
}

/**
 * Reads a CLIP text encoder. transformers 5.6 and later leave `text_model` out of the names; both are understood.
 *
 * @throws {ModelError} If weights are missing, or the configuration is another model's.
 */
export function readClipText(
  source: WeightSource,
  { prefix, config, skip = 0 }: TextEncoderOptions,
): OriginalTextEncoder {
  const nested = source.tensors.has(`${prefix}text_model.embeddings.token_embedding.weight`);
  const base = nested ? `${prefix}text_model.` : prefix;
  const { size, count } = sizesOf(source, base);
  const tokens = "embeddings.token_embedding.weight";
  const width = size(tokens, 1);
  const stored = count((at) => `encoder.layers.${at}.layer_norm1.weight`);
  const layers = stored - skip;
  const shown = {
    vocab_size: size(tokens, 0),
    hidden_size: width,
    intermediate_size: size("encoder.layers.0.mlp.fc1.weight", 0),
    num_hidden_layers: stored,
    max_position_embeddings: size("embeddings.position_embedding.weight", 0),
  };
  const assumed: string[] = [];
  const hidden = config === undefined
    ? usual(width, { assumed, description: source.description })
    : readHidden(config, shown);
  return {
    className: "CLIPTextModel",
    config: { ...shown, num_hidden_layers: layers, ...hidden },
    map: { pairs: place(clipTextTable(layers), { ours: "text_model", theirs: base.slice(0, -1) }) },
    assumed,
  };
}

/** What the weights do not show, of the model that Stable Diffusion 1 was trained with. */
function usual(
  width: number,
  { assumed, description }: { readonly assumed: string[]; readonly description: string },
): JsonObject {
  const heads = usualHeads(width);
  if (heads === null) {
    throw new ModelError(
      `Cannot tell how many attention heads the text encoder of ${description} has, which is ${width} wide: ` +
        "give its configuration",
    );
  }
  assumed.push("heads of the text encoder have 64 channels, its activation is quick_gelu");
  return {
    num_attention_heads: heads,
    hidden_act: "quick_gelu",
    layer_norm_eps: 1e-5,
    eos_token_id: 49407,
  };
}

/** The same from a configuration in transformers' vocabulary, whose other sizes must be the checkpoint's. */
function readHidden(config: ConfigReader, shown: Readonly<Record<string, number>>): JsonObject {
  const defaults: Readonly<Record<string, number>> = {
    vocab_size: 49408,
    hidden_size: 512,
    intermediate_size: 2048,
    num_hidden_layers: 12,
    max_position_embeddings: 77,
  };
  for (const [key, found] of Object.entries(shown)) {
    checkSize(config, key, { found, fallback: defaults[key]! });
  }
  return {
    num_attention_heads: config.integer("num_attention_heads", 8),
    hidden_act: config.string("hidden_act", "quick_gelu"),
    layer_norm_eps: config.number("layer_norm_eps", 1e-5),
    eos_token_id: config.integer("eos_token_id", 49407, { min: 0 }),
  };
}
