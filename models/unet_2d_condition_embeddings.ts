/**
 * How a `UNet2DConditionModel` takes what it is told: timestep, class, text, image.
 *
 * @module
 */
import { add, concat, embedding as lookUp, reshape, timestepEmbedding } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { fourierFeatures, imageHint, imageWords, pooledText, timeMlp } from "./embeddings.ts";
import { activate, layerNorm, linear } from "./layers.ts";
import type { UNet2DConditionConfig } from "./unet_2d_condition_config.ts";
import { embeddingWidths, requireInput, textWidth } from "./unet_2d_condition_inputs.ts";

/** Where conditions come from: the network's configuration, its inputs and the checkpoint. */
export interface Conditions {
  /** The network. */
  readonly config: UNet2DConditionConfig;
  /** Its inputs, by diffusers' names. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** The checkpoint, at its top. */
  readonly w: Weights;
}

/** Numbers `[n]` as sinusoids `[n, d]`, as the network shows itself its timesteps. */
function sinusoids({ config, w }: Conditions, numbers: Tensor): Tensor {
  const { kind, width, flipSinToCos, freqShift } = config.time;
  const at = w.at("time_proj");
  if (kind === "fourier") return fourierFeatures(at, numbers, { dim: width, flipSinToCos });
  const dim = config.levels[0]!.channels;
  return at.module(() => timestepEmbedding(numbers, { dim, flipSinToCos, freqShift }));
}

/** The class's embedding: `[n, d]`. */
function embedClass(conditions: Conditions): Tensor | null {
  const { config: { classes, time, activation }, inputs, w } = conditions;
  if (classes === null) return null;
  const at = w.at("class_embedding");
  switch (classes.kind) {
    case "lookup": {
      const labels = requireInput(inputs, "class_labels");
      const shape = [classes.count, time.width];
      return at.module(() => lookUp(labels, { table: at.tensor("weight", shape) }));
    }
    case "timestep": {
      const labels = requireInput(inputs, "class_labels");
      return timeMlp(at, sinusoids(conditions, labels), { out: time.width, activation });
    }
    case "identity":
      return requireInput(inputs, "class_labels", { width: time.width });
    case "projection": {
      const labels = requireInput(inputs, "class_labels", { width: classes.width });
      return timeMlp(at, labels, { out: time.width, activation: "silu" });
    }
    case "simple_projection": {
      const labels = requireInput(inputs, "class_labels", { width: classes.width });
      return linear(at, labels, { out: time.width });
    }
  }
}

/** What else is added to the time embedding: `[n, d]`. */
function embedAddition({ config, inputs, w }: Conditions): Tensor | null {
  const { addition, time } = config;
  if (addition === null) return null;
  const at = w.at("add_embedding");
  const out = time.width;
  switch (addition.kind) {
    case "text": {
      const text = requireInput(inputs, "encoder_hidden_states", addition);
      return pooledText(at, text, { heads: addition.heads, out });
    }
    case "text_time": {
      const sizes = requireInput(inputs, "time_ids"); // [n, sizes]
      const [n, count] = sizes.shape as [number, number];
      const { flipSinToCos, freqShift } = time;
      const options = { dim: addition.timeWidth, flipSinToCos, freqShift };
      const embedded = timestepEmbedding(reshape(sizes, [n * count]), options);
      const width = addition.width - count * addition.timeWidth;
      const text = requireInput(inputs, "text_embeds", { width });
      const joined = concat([text, reshape(embedded, [n, count * addition.timeWidth])], {
        axis: 1,
      });
      return timeMlp(at, joined, { out, activation: "silu" });
    }
    case "text_image": {
      const text = requireInput(inputs, "text_embeds", addition);
      const image = requireInput(inputs, "image_embeds", addition);
      return at.module(() =>
        add(
          linear(at.at("image_proj"), image, { out }),
          layerNorm(at.at("text_norm"), linear(at.at("text_proj"), text, { out })),
        )
      );
    }
    case "image":
    case "image_hint": {
      const image = requireInput(inputs, "image_embeds", addition);
      return at.module(() =>
        layerNorm(at.at("image_norm"), linear(at.at("image_proj"), image, { out }))
      );
    }
  }
}

/** One row becomes n rows. */
function widen(x: Tensor, n: number): Tensor {
  return x.size(0) === n ? x : concat(Array<Tensor>(n).fill(x), { axis: 0 });
}

/** Everything about the picture as a whole, timestep, class, sizes: `[n or 1, d]`. */
export function embedConditions(conditions: Conditions): Tensor {
  const { config: { time, activation, classesConcat }, inputs, w } = conditions;
  let embedded = timeMlp(
    w.at("time_embedding"),
    sinusoids(conditions, requireInput(inputs, "timestep")),
    {
      out: time.width,
      activation,
      postActivation: time.postActivation ?? undefined,
      // The reference too goes without it where it is not given.
      condition: inputs.timestep_cond,
    },
  );
  const label = embedClass(conditions);
  if (label !== null) {
    embedded = classesConcat
      ? concat([widen(embedded, label.size(0)), label], { axis: 1 })
      : add(embedded, label);
  }
  const more = embedAddition(conditions);
  if (more !== null) embedded = add(embedded, more);
  return time.activation === null ? embedded : activate(embedded, time.activation);
}

/** The sample as the first convolution takes it: with the hint, if there is one. */
export function joinHint({ config, inputs, w }: Conditions, sample: Tensor): Tensor {
  if (config.addition?.kind !== "image_hint") return sample;
  const hint = imageHint(w.at("add_embedding.input_hint_block"), requireInput(inputs, "hint"));
  return concat([sample, hint], { axis: 1 });
}

/** What the network attends to, `[n, tokens, d]`; undefined if it attends to nothing. */
export function embedContext({ config, inputs, w }: Conditions): Tensor | undefined {
  const { context, contextWidth: out, attendsToContext } = config;
  if (!attendsToContext) return undefined;
  const at = w.at("encoder_hid_proj");
  const text = () => {
    const width = textWidth(config);
    return requireInput(inputs, "encoder_hidden_states", width === null ? {} : { width });
  };
  const image = () => {
    const { image: width } = embeddingWidths(config);
    return requireInput(inputs, "image_embeds", width === null ? {} : { width });
  };
  switch (context.kind) {
    case "text":
      return text();
    case "text_proj":
      return linear(at, text(), { out });
    case "text_image_proj":
      return at.module(() => {
        const words = imageWords(at.at("image_embeds"), image(), { count: 10, width: out });
        return concat([words, linear(at.at("text_proj"), text(), { out })], { axis: 1 });
      });
    case "image_proj":
      return at.module(() => {
        const words = imageWords(at.at("image_embeds"), image(), { count: 32, width: out });
        return layerNorm(at.at("norm"), words);
      });
  }
}
