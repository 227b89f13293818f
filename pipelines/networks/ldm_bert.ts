/**
 * `LDMBertModel` from its configuration.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { ACTIVATIONS } from "../../models/layers.ts";
import { ldmBert, type LDMBertConfig, type TextEncoding } from "../../models/ldm_bert.ts";
import type { Network } from "./network.ts";

/**
 * Reads `bert/config.json`.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readLDMBertConfig(c: ConfigReader): LDMBertConfig {
  // Training, and the reference reads neither use_cache nor scale_embedding.
  c.ignore(
    "activation_dropout",
    "architectures",
    "attention_dropout",
    "classifier_dropout",
    "dropout",
    "dtype",
    "encoder_layerdrop",
    "init_std",
    "model_type",
    "num_hidden_layers",
    "pad_token_id",
    "scale_embedding",
    "torch_dtype",
    "transformers_version",
    "use_cache",
  );
  const config: LDMBertConfig = {
    vocabularySize: c.integer("vocab_size", 30522),
    positions: c.integer("max_position_embeddings", 77),
    layers: c.integer("encoder_layers", 32),
    width: c.integer("d_model", 1280),
    heads: c.integer("encoder_attention_heads", 8),
    headDim: c.integer("head_dim", 64),
    feedForward: c.integer("encoder_ffn_dim", 5120),
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
