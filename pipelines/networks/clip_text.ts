/**
 * `CLIPTextModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { clipText, type CLIPTextConfig, normaliseHidden } from "../../models/clip_text.ts";
import { ACTIVATIONS } from "../../models/layers.ts";
import { INERT_KEYS } from "./inert_keys.ts";
import type { Network } from "./network.ts";

/** Wider and deeper than any text encoder. */
const MAX_WIDTH = 2 ** 16;
const MAX_LAYERS = 256;

/**
 * Reads `text_encoder/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readCLIPTextConfig(c: ConfigReader): CLIPTextConfig {
  c.ignore(
    ...INERT_KEYS,
    "attention_dropout",
    "dropout",
    "initializer_factor",
    "initializer_range",
    "projection_dim", // of CLIPTextModelWithProjection, which shares configurations
  );
  const endToken = c.nullable.integer("eos_token_id", 49407, { min: 0 });
  const config: CLIPTextConfig = {
    vocabularySize: c.integer("vocab_size", 49408),
    positions: c.integer("max_position_embeddings", 77, { max: MAX_WIDTH }),
    layers: c.integer("num_hidden_layers", 12, { max: MAX_LAYERS }),
    width: c.integer("hidden_size", 512, { max: MAX_WIDTH }),
    heads: c.integer("num_attention_heads", 8, { max: MAX_WIDTH }),
    feedForward: c.integer("intermediate_size", 2048, { max: MAX_WIDTH }),
    activation: c.choice("hidden_act", ACTIVATIONS, "quick_gelu"),
    epsilon: c.number("layer_norm_eps", 1e-5),
    // Old configurations say 2, which is no end token; transformers then takes the greatest id.
    endToken: endToken === 2 ? null : endToken,
  };
  if (config.width % config.heads !== 0) {
    throw c.error("num_attention_heads", `must divide hidden_size (${config.width})`);
  }
  c.done();
  return config;
}

/**
 * `CLIPTextModel` as a network with the methods `forward`, and `normalised`: every hidden state after the final
 * normalisation, for pipelines that skip layers.
 */
export function clipTextNetwork(c: ConfigReader): Network {
  const config = readCLIPTextConfig(c);
  const inputs = { input_ids: `[n, tokens <= ${config.positions}] of whole numbers` };
  return {
    className: "CLIPTextModel",
    methods: new Map([
      ["forward", {
        inputs,
        graph: (specs) =>
          trace(({ input_ids }, weights) => {
            const { lastHiddenState, pooled, hiddenStates } = clipText(config, input_ids!, weights);
            return {
              last_hidden_state: lastHiddenState,
              pooler_output: pooled,
              ...Object.fromEntries(
                hiddenStates.map((state, at) => [`hidden_states.${at}`, state]),
              ),
            };
          }, specs),
      }],
      ["normalised", {
        inputs,
        graph: (specs) =>
          trace(({ input_ids }, weights) => {
            const { hiddenStates } = clipText(config, input_ids!, weights);
            // Counted from the end: 0 is the last hidden state, 1 the one before it.
            return Object.fromEntries(
              hiddenStates.toReversed().map((
                state,
                at,
              ) => [`skip.${at}`, normaliseHidden(config, state, weights)]),
            );
          }, specs),
      }],
    ]),
  };
}
