/**
 * The text encoder of the 1.45B latent diffusion model: `LDMBertModel`, a bidirectional transformer trained with it.
 *
 * @module
 */
import { add, attention as attend, embedding as lookUp, reshape, slice } from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { activate, type Activation, layerNorm, linear } from "./layers.ts";

/** Everything that decides the network. */
export interface LDMBertConfig {
  /** Rows of the table of words. */
  readonly vocabularySize: number;
  /** Most tokens. */
  readonly positions: number;
  /** Transformer layers. */
  readonly layers: number;
  /** Width of the tokens. */
  readonly width: number;
  /** Attention heads. */
  readonly heads: number;
  /** Width of a head; heads x headDim need not be the width. */
  readonly headDim: number;
  /** Width of the feed-forward layers. */
  readonly feedForward: number;
  /** Between the feed-forward layers. */
  readonly activation: Activation;
}

/** What a text encoder says. */
export interface TextEncoding {
  /** `[n, tokens, width]`: what the denoiser attends to. */
  readonly lastHiddenState: Tensor;
  /** The embedding, then the output of every layer; the last one is normalised. */
  readonly hiddenStates: readonly Tensor[];
}

/** Encodes ids `[n, tokens]`. Nothing is masked: padding is attended to, as in the original. */
export function ldmBert(config: LDMBertConfig, ids: Tensor, w: Weights): TextEncoding {
  const tokens = ids.size(1);
  const { width, heads, headDim, positions } = config;
  if (tokens > positions) {
    throw new ShapeError(`encode ${tokens} tokens`, `the model has ${positions} positions`);
  }
  const model = w.at("model");
  const words = model.at("embed_tokens").module((table) =>
    lookUp(ids, { table: table.tensor("weight", [config.vocabularySize, width]) })
  );
  const places = model.at("embed_positions").module((table) =>
    reshape(
      slice(table.tensor("weight", [positions, width]), { axis: 0, start: 0, stop: tokens }),
      [1, tokens, width],
    )
  );
  let h = add(words, places);
  const hiddenStates = [h];
  const inner = heads * headDim;
  for (let at = 0; at < config.layers; at++) {
    h = model.at(`layers.${at}`).module((layer) => {
      const normed = layerNorm(layer.at("self_attn_layer_norm"), h);
      const attended = layer.at("self_attn").module((self) => {
        const project = (name: string) =>
          splitHeads(linear(self.at(name), normed, { out: inner, bias: false }), heads);
        const mixed = attend(project("q_proj"), { k: project("k_proj"), v: project("v_proj") });
        return linear(self.at("out_proj"), mergeHeads(mixed), { out: width });
      });
      const middle = add(h, attended);
      const hidden = linear(layer.at("fc1"), layerNorm(layer.at("final_layer_norm"), middle), {
        out: config.feedForward,
      });
      return add(
        middle,
        linear(layer.at("fc2"), activate(hidden, config.activation), { out: width }),
      );
    });
    hiddenStates.push(h);
  }
  const lastHiddenState = layerNorm(model.at("layer_norm"), h);
  hiddenStates[config.layers] = lastHiddenState;
  return { lastHiddenState, hiddenStates };
}
