/**
 * `LDMBertModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { ACTIVATIONS } from "../../models/layers.ts";
import { ldmBert, type LDMBertConfig, type TextEncoding } from "../../models/ldm_bert.ts";
import { INERT_KEYS } from "./inert_keys.ts";
import type { Network } from "./network.ts";

/** Wider and deeper than any text encoder. */
const MAX_WIDTH = 2 ** 16;
const MAX_LAYERS = 256;

/**
 * Reads `bert/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readLDMBertConfig(c: ConfigReader): LDMBertConfig {
  // Training, generation, and the reference reads neither use_cache nor scale_embedding.
  c.ignore(
    ...INERT_KEYS,
    "activation_dropout",
    "attention_dropout",
    "classifier_dropout",
    "dropout",
    "encoder_layerdrop",
    "eos_token_id",
    "init_std",
    "num_hidden_layers",
    "scale_embedding",
  );
  const config: LDMBertConfig = {
    vocabularySize: c.integer("vocab_size", 30522),
    positions: c.integer("max_position_embeddings", 77, { max: MAX_WIDTH }),
    layers: c.integer("encoder_layers", 32, { max: MAX_LAYERS }),
    width: c.integer("d_model", 1280, { max: MAX_WIDTH }),
    heads: c.integer("encoder_attention_heads", 8, { max: MAX_LAYERS }),
    headDim: c.integer("head_dim", 64, { max: MAX_WIDTH }),
    feedForward: c.integer("encoder_ffn_dim", 5120, { max: MAX_WIDTH }),
    activation: c.choice("activation_function", ACTIVATIONS, "gelu"),
  };
  c.done();
  return config;
}

/** `last_hidden_state`, `hidden_states.0`, … */
export function namedEncoding({ lastHiddenState, hiddenStates }: TextEncoding): Record<
  string,
  TextEncoding["lastHiddenState"]
> {
  return {
    last_hidden_state: lastHiddenState,
    ...Object.fromEntries(hiddenStates.map((state, at) => [`hidden_states.${at}`, state])),
  };
}

/** `LDMBertModel` as a network with the method `forward`. */
export function ldmBertNetwork(c: ConfigReader): Network {
  const config = readLDMBertConfig(c);
  return {
    className: "LDMBertModel",
    methods: new Map([["forward", {
      inputs: { input_ids: `[n, tokens <= ${config.positions}] of whole numbers` },
      graph: (specs) =>
        trace(
          ({ input_ids }, weights) => namedEncoding(ldmBert(config, input_ids!, weights)),
          specs,
        ),
    }]]),
  };
}
