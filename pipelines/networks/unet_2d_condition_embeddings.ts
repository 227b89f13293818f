/**
 * The part of a `UNet2DConditionModel`'s configuration that says what the network is told.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { DIFFUSERS_ACTIVATIONS } from "../../models/layers.ts";
import type {
  AdditionEmbedding,
  ClassEmbedding,
  ContextSource,
  TimeEmbedding,
} from "../../models/unet_2d_condition_config.ts";

/** Wider than any embedding. */
const MAX_WIDTH = 2 ** 16;

/** A key that is null unless another one makes it necessary. */
function required(c: ConfigReader, key: string, reason: string): number {
  const value = c.nullable.integer(key, null, { max: MAX_WIDTH });
  if (value === null) throw c.error(key, `but must be given for ${reason}`);
  return value;
}

/**
 * How the timestep is embedded.
 *
 * @param channels Of the first level, which the defaults are multiples of.
 * @throws {ModelError} Naming the key.
 */
export function readTime(c: ConfigReader, channels: number): TimeEmbedding {
  const kind = c.choice("time_embedding_type", ["positional", "fourier"], "positional");
  const width = c.nullable.integer("time_embedding_dim", null, { max: MAX_WIDTH }) ??
    channels * (kind === "fourier" ? 2 : 4);
  if (kind === "fourier" && width % 2 !== 0) {
    throw c.error("time_embedding_dim", "but must be even: half of it are sines, half cosines");
  }
  return {
    kind,
    width,
    flipSinToCos: c.flag("flip_sin_to_cos", true),
    freqShift: c.number("freq_shift", 0),
    postActivation: c.nullable.choice("timestep_post_act", DIFFUSERS_ACTIVATIONS),
    activation: c.nullable.choice("time_embedding_act_fn", DIFFUSERS_ACTIVATIONS),
    conditionWidth: c.nullable.integer("time_cond_proj_dim", null, { max: MAX_WIDTH }),
  };
}

/**
 * How the class label is embedded, if there is one.
 *
 * @throws {ModelError} Naming the key.
 */
export function readClasses(c: ConfigReader): ClassEmbedding | null {
  const count = c.nullable.integer("num_class_embeds");
  const kind = c.nullable.choice("class_embed_type", [
    "timestep",
    "identity",
    "projection",
    "simple_projection",
  ]);
  c.ignore("projection_class_embeddings_input_dim");
  switch (kind) {
    case null:
      return count === null ? null : { kind: "lookup", count };
    case "timestep":
    case "identity":
      return { kind };
    case "projection":
    case "simple_projection": {
      const key = "projection_class_embeddings_input_dim";
      return { kind, width: required(c, key, `class_embed_type ${kind}`) };
    }
  }
}

/**
 * What else is added to the time embedding, if anything.
 *
 * @throws {ModelError} Naming the key.
 */
export function readAddition(
  c: ConfigReader,
  options: { readonly textDim: number | null; readonly contextWidth: number },
): AdditionEmbedding | null {
  const { textDim, contextWidth } = options;
  const kind = c.nullable.choice("addition_embed_type", [
    "text",
    "text_image",
    "text_time",
    "image",
    "image_hint",
  ]);
  const heads = c.integer("addition_embed_type_num_heads", 64);
  c.ignore("addition_time_embed_dim", "projection_class_embeddings_input_dim");
  const reason = `addition_embed_type ${kind}`;
  switch (kind) {
    case null:
      return null;
    case "text": {
      const width = textDim ?? contextWidth;
      if (width % heads === 0) return { kind, heads, width };
      throw c.error("addition_embed_type_num_heads", `but must divide the text's width, ${width}`);
    }
    case "text_image":
      return { kind, width: contextWidth };
    case "text_time":
      return {
        kind,
        timeWidth: required(c, "addition_time_embed_dim", reason),
        width: required(c, "projection_class_embeddings_input_dim", reason),
      };
    case "image":
    case "image_hint":
      return { kind, width: required(c, "encoder_hid_dim", reason) };
  }
}

/**
 * What the network attends to.
 *
 * @param width `encoder_hid_dim`
 * @throws {ModelError} Naming the key.
 */
export function readContext(c: ConfigReader, width: number | null): ContextSource {
  const kind = c.nullable.choice("encoder_hid_dim_type", [
    "text_proj",
    "text_image_proj",
    "image_proj",
  ]);
  if (width !== null) return { kind: kind ?? "text_proj", width };
  if (kind === null) return { kind: "text" };
  throw c.error("encoder_hid_dim", `but must be given for encoder_hid_dim_type ${kind}`);
}
