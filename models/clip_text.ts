/**
 * CLIP's text encoder (Radford et al. 2021), which Stable Diffusion reads prompts with.
 *
 * @module
 */
import {
  add,
  attention as attend,
  cast,
  compare,
  constant,
  cumsum,
  embedding as lookUp,
  matmul,
  mul,
  reduce,
  reshape,
  slice,
} from "../graph/ops/mod.ts";
import { ShapeError } from "../graph/op.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { mergeHeads, splitHeads } from "./attention.ts";
import { activate, type Activation, layerNorm, linear } from "./layers.ts";

/** Everything that decides the network. */
export interface CLIPTextConfig {
  readonly vocabularySize: number;
  /** Most tokens. */
  readonly positions: number;
  readonly layers: number;
  /** Width of the tokens. */
  readonly width: number;
  readonly heads: number;
  /** Width of the feed-forward layers. */
  readonly feedForward: number;
  /** `quick_gelu` in OpenAI's models, `gelu` in OpenCLIP's. */
  readonly activation: Activation;
  readonly epsilon: number;
  /** The end token; null where the configuration has the meaningless 2 of old files: then it is the greatest id. */
  readonly endToken: number | null;
}

/** What the encoder says. */
export interface CLIPTextEncoding {
  /** `[n, tokens, width]`, normalised. */
  readonly lastHiddenState: Tensor;
  /** `[n, width]`: the last hidden state at the first end token. */
  readonly pooled: Tensor;
  /** The embedding, then the output of every layer, none of them normalised. */
  readonly hiddenStates: readonly Tensor[];
}

/** Encodes ids `[n, tokens]`; each token sees itself and those before it, padding is not masked. */
export function clipText(config: CLIPTextConfig, ids: Tensor, w: Weights): CLIPTextEncoding {
  const tokens = ids.size(1);
  const { width, heads, positions, epsilon } = config;
  if (tokens > positions) {
    throw new ShapeError(`encode ${tokens} tokens`, `the model has ${positions} positions`);
  }
  const model = w.at("text_model");
  let h = model.at("embeddings").module((embeddings) => {
    const words = lookUp(ids, {
      table: embeddings.tensor("token_embedding.weight", [config.vocabularySize, width]),
    });
    const places = embeddings.tensor("position_embedding.weight", [positions, width]);
    return add(words, slice(places, { axis: 0, start: 0, stop: tokens }));
  });
  const hiddenStates = [h];
  const norm = { epsilon };
  model.at("encoder").module((encoder) => {
    for (let at = 0; at < config.layers; at++) {
      h = encoder.at(`layers.${at}`).module((layer) => {
        const normed = layerNorm(layer.at("layer_norm1"), h, norm);
        const attended = layer.at("self_attn").module((self) => {
          const project = (name: string) =>
            splitHeads(linear(self.at(name), normed, { out: width }), heads);
          const q = project("q_proj");
          const mixed = attend(q, { k: project("k_proj"), v: project("v_proj"), causal: true });
          return linear(self.at("out_proj"), mergeHeads(mixed), { out: width });
        });
        const middle = add(h, attended);
        const input = layerNorm(layer.at("layer_norm2"), middle, norm);
        const fed = layer.at("mlp").module((mlp) => {
          const hidden = linear(mlp.at("fc1"), input, { out: config.feedForward });
          return linear(mlp.at("fc2"), activate(hidden, config.activation), { out: width });
        });
        return add(middle, fed);
      });
      hiddenStates.push(h);
    }
    return h;
  });
  const lastHiddenState = normaliseHidden(config, h, w);
  return {
    lastHiddenState,
    pooled: poolAtEnd(lastHiddenState, { ids, end: config.endToken }),
    hiddenStates,
  };
}

/** The final normalisation, which skipping layers applies to an earlier hidden state. */
export function normaliseHidden(config: CLIPTextConfig, hidden: Tensor, w: Weights): Tensor {
  return layerNorm(w.at("text_model.final_layer_norm"), hidden, { epsilon: config.epsilon });
}

/** The row of the first end token of each text, picked by a product with zeros and a one. */
function poolAtEnd(
  hidden: Tensor,
  { ids, end }: { readonly ids: Tensor; readonly end: number | null },
): Tensor {
  const [n, tokens, width] = hidden.shape as [number, number, number];
  const numbers = cast(ids, { to: "f32" }); // ids are below 2^24: exact
  const wanted = end === null
    ? reduce(numbers, { f: "max", axes: [1], keepDims: true })
    : constant([end], { shape: [] });
  const isEnd = cast(compare("equal", [numbers, wanted]), { to: "f32" });
  const one = constant([1], { shape: [] });
  const isFirst = cast(compare("equal", [cumsum(isEnd, { axis: 1 }), one]), { to: "f32" });
  const picked = matmul([reshape(mul(isEnd, isFirst), [n, 1, tokens]), hidden]);
  return reshape(picked, [n, width]);
}
