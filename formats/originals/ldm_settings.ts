/**
 * Configurations of CompVis' latent-diffusion and Stability's stablediffusion: `model.params` of a YAML file.
 *
 * @module
 */
import type { ConfigReader } from "../config_reader.ts";
import type { Heads } from "./heads.ts";
import {
  NO_SETTINGS,
  type OriginalSchedule,
  type OriginalSettings,
  type VisibleSettings,
} from "./original_settings.ts";

/** Wider than any network. */
const MAX_CHANNELS = 2 ** 14;

/** `parameterization` */
const PREDICTIONS = { eps: "epsilon", v: "v_prediction", x0: "sample" } as const;

/**
 * Reads the section `model`. Most of its keys say how the model was trained and are passed over; those of its networks are
 * all asked for.
 *
 * @param options Whether `cond_stage_config` is a network's; it may be a word such as `__is_unconditional__`.
 * @throws {ModelError} Naming a key that is wrong or not supported.
 */
export function readLdmSettings(
  model: ConfigReader,
  { hasText }: { readonly hasText: boolean },
): OriginalSettings {
  const c = model.section("params");
  const unet = readUNet(c.section("unet_config").section("params"));
  const stage = c.has("first_stage_config")
    ? readStage(c.section("first_stage_config").section("params"))
    : { pictureSize: null, visible: {} };
  c.only("given_betas", [null]);
  return {
    ...NO_SETTINGS,
    path: c.path,
    heads: unet.heads,
    order: unet.order,
    crossOnly: unet.crossOnly,
    // CompVis' classes average weights unless they are told not to.
    useEma: c.flag("use_ema", true),
    prediction: PREDICTIONS[c.choice("parameterization", ["eps", "v", "x0"], "eps")],
    scaleFactor: c.number("scale_factor", 1),
    schedule: readSchedule(c),
    lowResolution: readLowResolution(c),
    sampleSize: readSampleSize(c),
    pictureSize: stage.pictureSize,
    textLayer: hasText ? readTextLayer(c.section("cond_stage_config")) : null,
    visible: { ...unet.visible, ...stage.visible },
  };
}

/**
 * Reads the parameters of a first stage of its own.
 *
 * @throws {ModelError} Naming a key that is wrong or not supported.
 */
export function readStageSettings(c: ConfigReader): OriginalSettings {
  const { pictureSize, visible } = readStage(c);
  return { ...NO_SETTINGS, path: c.path, pictureSize, visible };
}

/** CompVis' names and defaults; their `linear` is linear in the square root of beta. */
function readSchedule(c: ConfigReader): OriginalSchedule {
  const kind = c.choice("beta_schedule", ["linear", "sqrt_linear", "cosine"], "linear");
  c.only("cosine_s", [8e-3]);
  return {
    kind:
      ({ linear: "scaled_linear", sqrt_linear: "linear", cosine: "squaredcos_cap_v2" } as const)[
        kind
      ],
    start: c.number("linear_start", 1e-4),
    end: c.number("linear_end", 2e-2),
    steps: c.integer("timesteps", 1000),
  };
}

/** `ImageConcatWithNoiseAugmentation`; the class's own default is 1000 levels. */
function readLowResolution(c: ConfigReader): OriginalSettings["lowResolution"] {
  if (!c.has("low_scale_config")) return null;
  const low = c.section("low_scale_config").section("params");
  return {
    schedule: readSchedule(low.section("noise_schedule_config")),
    maxLevel: low.integer("max_noise_level", 1000),
  };
}

/** A number, or sides that have to be equal. */
function readSampleSize(c: ConfigReader): number {
  if (!c.isList("image_size")) return c.integer("image_size", 256);
  return Math.max(...c.integers("image_size", undefined, { length: 2 }));
}

/** Which layer a text encoder of CLIP's stops at; the last one unless said otherwise. */
function readTextLayer(text: ConfigReader): OriginalSettings["textLayer"] {
  if (!text.has("params")) return "last";
  return text.section("params").choice("layer", ["last", "penultimate"], "last");
}

interface UNetSettings {
  readonly heads: Heads | null;
  readonly order: "legacy" | "new";
  readonly crossOnly: readonly boolean[] | null;
  readonly visible: VisibleSettings;
}

/** `UNetModel` of openaimodel.py. */
function readUNet(c: ConfigReader): UNetSettings {
  // Training, memory, and what weights show: attention_resolutions, transformers, resampling.
  c.ignore(
    "adm_in_channels",
    "attention_resolutions",
    "dropout",
    "image_size",
    "legacy", // changes which of two equal numbers of heads is written down
    "num_classes",
    "resblock_updown",
    "transformer_depth",
    "use_bf16",
    "use_checkpoint",
    "use_fp16",
    "use_linear_in_transformer",
    "use_scale_shift_norm",
    "use_spatial_transformer",
  );
  c.expect({
    conv_resample: true,
    dims: 2,
    disable_middle_self_attn: false,
    n_embed: null,
    num_attention_blocks: null,
    num_heads_upsample: -1,
    spatial_transformer_attn_type: "softmax",
  });
  const disabled = "disable_self_attentions";
  const visible: VisibleSettings = {
    inChannels: c.integer("in_channels", undefined, { max: MAX_CHANNELS }),
    outChannels: c.integer("out_channels", undefined, { max: MAX_CHANNELS }),
    modelChannels: c.integer("model_channels", undefined, { max: MAX_CHANNELS }),
    layers: c.integer("num_res_blocks"),
    channelMultiples: c.integers("channel_mult", [1, 2, 4, 8]),
  };
  const contextWidth = c.nullable.integer("context_dim", null, { max: MAX_CHANNELS });
  const settings: UNetSettings = {
    heads: readHeads(c),
    order: c.flag("use_new_attention_order", false) ? "new" : "legacy",
    crossOnly: c.has(disabled) ? c.flags(disabled, undefined, { per: "channel_mult" }) : null,
    visible: contextWidth === null ? visible : { ...visible, contextWidth },
  };
  c.done();
  return settings;
}

/** -1 stands for "the other one says it". */
export function readHeads(c: ConfigReader, fallback = -1): Heads | null {
  const width = c.integer("num_head_channels", -1, { min: -1, max: MAX_CHANNELS });
  const count = c.integer("num_heads", fallback, { min: -1, max: MAX_CHANNELS });
  if (width > 0) return { width };
  return count > 0 ? { count } : null;
}

/** The parameters of `AutoencoderKL`, `VQModel` and `VQModelInterface`. */
function readStage(
  c: ConfigReader,
): { readonly pictureSize: number; readonly visible: VisibleSettings } {
  const inner = c.section("ddconfig");
  const width = inner.integer("ch", undefined, { max: MAX_CHANNELS });
  const multiples = inner.integers("ch_mult", [1, 2, 4, 8]);
  inner.expect({ resamp_with_conv: true, use_linear_attn: false, give_pre_end: false });
  inner.only("attn_type", ["vanilla", "none", "vanilla-xformers"]);
  inner.only("tanh_out", [false]);
  return {
    pictureSize: inner.integer("resolution", 256),
    visible: {
      embedWidth: c.integer("embed_dim", undefined, { max: MAX_CHANNELS }),
      stageChannels: multiples.map((multiple) => multiple * width),
    },
  };
}
