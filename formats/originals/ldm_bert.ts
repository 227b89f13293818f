/**
 * The text encoder of the 1.45B latent diffusion model: x-transformers' names below `cond_stage_model.transformer`.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";
import { type KeyTable, layer, place } from "./key_map.ts";
import { type OriginalTextEncoder, sizesOf, type TextEncoderOptions } from "./text_encoder.ts";
import type { WeightSource } from "../weight_source.ts";

/** Width of x-transformers' heads, which `BERTEmbedder` leaves as it is. */
const HEAD_WIDTH = 64;

/** Each layer is two in the original: attention, then feed-forward, each as normalisation and function. */
function layers(count: number): KeyTable {
  return Array.from({ length: count }, (_, at): KeyTable => {
    const [attention, feedForward] = [2 * at, 2 * at + 1].map((n) => `attn_layers.layers.${n}`);
    return place([
      ...layer("self_attn_layer_norm", `${attention}.0`),
      ...["q", "k", "v"].flatMap((name) =>
        layer(`self_attn.${name}_proj`, `${attention}.1.to_${name}`)
      ),
      ...layer("self_attn.out_proj", `${attention}.1.to_out`),
      ...layer("final_layer_norm", `${feedForward}.0`),
      ...layer("fc1", `${feedForward}.1.net.0.0`),
      ...layer("fc2", `${feedForward}.1.net.2`),
    ], { ours: `model.layers.${at}`, theirs: "" });
  }).flat();
}

/** Names of a text encoder of so many layers; the layer that predicts words has no use here. */
export function ldmBertTable(count: number): KeyTable {
  return [
    { ours: "model.embed_tokens.weight", theirs: "token_emb.weight" },
    { ours: "model.embed_positions.weight", theirs: "pos_emb.emb.weight" },
    ...layers(count),
    ...layer("model.layer_norm", "norm"),
    ...layer("to_logits", "to_logits"),
  ];
}

/**
 * Reads an LDM text encoder.
 *
 * @throws {ModelError} If weights are missing, or of another width of heads.
 */
export function readLdmBert(
  source: WeightSource,
  { prefix }: TextEncoderOptions,
): OriginalTextEncoder {
  const { size, count } = sizesOf(source, prefix);
  const depth = count((at) => `attn_layers.layers.${2 * at}.1.to_q.weight`);
  const inner = size("attn_layers.layers.0.1.to_q.weight", 0);
  if (inner % HEAD_WIDTH !== 0) {
    throw new ModelError(
      `Cannot use the text encoder in ${source.description}: its attention is ${inner} wide, ` +
        `which is no multiple of ${HEAD_WIDTH}`,
    );
  }
  return {
    className: "LDMBertModel",
    config: {
      vocab_size: size("token_emb.weight", 0),
      max_position_embeddings: size("pos_emb.emb.weight", 0),
      encoder_layers: depth,
      encoder_ffn_dim: size("attn_layers.layers.1.1.net.0.0.weight", 0),
      encoder_attention_heads: inner / HEAD_WIDTH,
      head_dim: HEAD_WIDTH,
      activation_function: "gelu",
      d_model: size("token_emb.weight", 1),
    },
    map: { pairs: place(ldmBertTable(depth), { ours: "", theirs: prefix.slice(0, -1) }) },
    assumed: [],
  };
}
