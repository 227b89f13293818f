/**
 * OpenCLIP's text encoder as Stable Diffusion 2 stores it: open_clip's names below `cond_stage_model.model`.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";
import { type KeyTable, layer, place } from "./key_map.ts";
import {
  checkSize,
  type OriginalTextEncoder,
  sizesOf,
  type TextEncoderOptions,
  usualHeads,
} from "./text_encoder.ts";
import type { WeightSource } from "../weight_source.ts";

const LAYER: KeyTable = [
  ...layer("layer_norm1", "ln_1"),
  ...(["q_proj", "k_proj", "v_proj"] as const).flatMap((name, at): KeyTable => {
    const change = { kind: "part", part: at as 0 | 1 | 2, heads: 1 } as const;
    return ["weight", "bias"].map((kind) => ({
      ours: `self_attn.${name}.${kind}`,
      theirs: `attn.in_proj_${kind}`,
      change,
    }));
  }),
  ...layer("self_attn.out_proj", "attn.out_proj"),
  ...layer("layer_norm2", "ln_2"),
  ...layer("mlp.fc1", "mlp.c_fc"),
  ...layer("mlp.fc2", "mlp.c_proj"),
];

/** Names of a text encoder of so many layers. The projection is there for whoever asks for it. */
export function openClipTextTable(layers: number): KeyTable {
  return [
    { ours: "text_model.embeddings.token_embedding.weight", theirs: "token_embedding.weight" },
    { ours: "text_model.embeddings.position_embedding.weight", theirs: "positional_embedding" },
    ...Array.from({ length: layers }, (_, at) =>
      place(LAYER, {
        ours: `text_model.encoder.layers.${at}`,
        theirs: `transformer.resblocks.${at}`,
      })).flat(),
    ...layer("text_model.final_layer_norm", "ln_final"),
    {
      ours: "text_projection.weight",
      theirs: "text_projection",
      change: { kind: "transposed" },
    },
  ];
}

/**
 * Reads an OpenCLIP text encoder.
 *
 * @param options `config` is open_clip's `{ embed_dim, text_cfg }`. `skip` is 1 where the last layer is in the file and not
 * used (`layer: penultimate`).
 * @throws {ModelError} If weights are missing, or the configuration is another model's.
 */
export function readOpenClipText(
  source: WeightSource,
  { prefix, config, skip = 0 }: TextEncoderOptions,
): OriginalTextEncoder {
  const { size, count, has } = sizesOf(source, prefix);
  const width = size("token_embedding.weight", 1);
  const stored = count((at) => `transformer.resblocks.${at}.ln_1.weight`);
  const layers = stored - skip;
  if (layers < 1) {
    throw new ModelError(`Cannot use the text encoder in ${source.description}: it has no layers`);
  }
  const positions = size("positional_embedding", 0);
  const vocabulary = size("token_embedding.weight", 0);
  const assumed: string[] = [];
  let heads = usualHeads(width);
  let activation = "gelu";
  if (config !== undefined) {
    const text = config.section("text_cfg");
    checkSize(text, "width", { found: width, fallback: 512 });
    checkSize(text, "layers", { found: stored, fallback: 12 });
    checkSize(text, "vocab_size", { found: vocabulary, fallback: 49408 });
    checkSize(text, "context_length", { found: positions, fallback: 77 });
    heads = text.integer("heads", 8);
    if (config.flag("quick_gelu", false)) activation = "quick_gelu";
    config.ignore("embed_dim", "vision_cfg");
    config.done();
  } else if (heads === null) {
    throw new ModelError(
      `Cannot tell how many attention heads the text encoder of ${source.description} has, which is ${width} wide: ` +
        "give its configuration",
    );
  } else {
    assumed.push("heads of the text encoder have 64 channels, its activation is gelu");
  }
  return {
    className: "CLIPTextModel",
    config: {
      vocab_size: vocabulary,
      hidden_size: width,
      intermediate_size: size("transformer.resblocks.0.mlp.c_fc.weight", 0),
      num_hidden_layers: layers,
      num_attention_heads: heads,
      max_position_embeddings: positions,
      hidden_act: activation,
      layer_norm_eps: 1e-5,
      eos_token_id: 49407,
      ...(has("text_projection") ? { projection_dim: size("text_projection", 1) } : {}),
    },
    map: { pairs: place(openClipTextTable(layers), { ours: "", theirs: prefix.slice(0, -1) }) },
    assumed,
  };
}
