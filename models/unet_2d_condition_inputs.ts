/**
 * What a `UNet2DConditionModel` is given.
 *
 * @module
 */
import { ShapeError } from "../graph/op.ts";
import { f32, i32, type TensorSpec } from "../graph/tensor_spec.ts";
import type { Tensor } from "../graph/trace.ts";
import type { UNet2DConditionConfig } from "./unet_2d_condition_config.ts";

/** Channels that a hint adds to the sample. */
const HINT_CHANNELS = 4;
/** Sizes that Stable Diffusion XL is told: original size, corner of the crop, target size. Its refiner is told five. */
const SIZE_COUNT = 6;

/** Channels of the sample: less than the first convolution's if a hint joins it. */
export function sampleChannels({ inChannels, addition }: UNet2DConditionConfig): number {
  return addition?.kind === "image_hint" ? inChannels - HINT_CHANNELS : inChannels;
}

/** Width of `text_embeds` (with `time_ids` of six sizes) and `image_embeds`, where the network takes them. */
export function embeddingWidths(
  { addition, context, contextWidth }: UNet2DConditionConfig,
): { readonly text: number | null; readonly image: number | null } {
  const image = context.kind === "image_proj"
    ? context.width
    : context.kind === "text_image_proj"
    ? contextWidth
    : null;
  switch (addition?.kind) {
    case undefined:
    case "text":
      return { text: null, image };
    case "text_time":
      // Six sizes, each embedded in timeWidth numbers, stand behind the pooled text.
      return { text: addition.width - SIZE_COUNT * addition.timeWidth, image };
    case "text_image":
      return { text: addition.width, image: addition.width };
    case "image":
    case "image_hint":
      return { text: null, image: addition.width };
  }
}

/** Width of the text tokens, or null if the network has no use for them. */
export function textWidth(config: UNet2DConditionConfig): number | null {
  const { context, contextWidth, addition, attendsToContext } = config;
  if (addition?.kind === "text") return addition.width;
  switch (context.kind) {
    case "text":
      return attendsToContext ? contextWidth : null;
    case "text_proj":
    case "text_image_proj":
      return context.width;
    case "image_proj":
      return null;
  }
}

/** Sizes of one trace. */
export interface UNetSizes {
  /** Pictures at once. */
  readonly batch: number;
  /** Height in latent pixels. */
  readonly height: number;
  /** Width in latent pixels. */
  readonly width: number;
  /** Text tokens. */
  readonly tokens: number;
  /** 1: one timestep for all pictures. The batch unless said otherwise. */
  readonly timesteps?: number;
}

/** The network's inputs, by diffusers' names. */
export function unet2dConditionInputs(
  config: UNet2DConditionConfig,
  sizes: UNetSizes,
): Record<string, TensorSpec> {
  const { batch, height, width, tokens, timesteps = batch } = sizes;
  const { classes, addition, time } = config;
  const inputs: Record<string, TensorSpec> = {
    sample: f32(batch, sampleChannels(config), height, width),
    timestep: f32(timesteps),
  };
  const words = textWidth(config);
  if (words !== null) inputs.encoder_hidden_states = f32(batch, tokens, words);
  if (classes !== null) {
    inputs.class_labels = classes.kind === "lookup"
      ? i32(batch)
      : classes.kind === "timestep"
      ? f32(batch)
      : f32(batch, classes.kind === "identity" ? time.width : classes.width);
  }
  if (time.conditionWidth !== null) inputs.timestep_cond = f32(batch, time.conditionWidth);
  const { text, image } = embeddingWidths(config);
  if (text !== null) inputs.text_embeds = f32(batch, text);
  if (image !== null) inputs.image_embeds = f32(batch, image);
  if (addition?.kind === "text_time") inputs.time_ids = f32(batch, SIZE_COUNT);
  if (addition?.kind === "image_hint") inputs.hint = f32(batch, 3, 8 * height, 8 * width);
  return inputs;
}

/**
 * One of the network's inputs.
 *
 * @param options The size of its last axis, if it has to be one.
 * @throws {ShapeError} If it is missing or not as wide.
 */
export function requireInput(
  inputs: Readonly<Record<string, Tensor>>,
  name: string,
  options: { readonly width?: number } = {},
): Tensor {
  const { width } = options;
  const tensor = inputs[name];
  if (tensor === undefined) throw new ShapeError("trace the U-Net", `its input ${name} is missing`);
  if (width !== undefined && tensor.size(-1) !== width) {
    throw new ShapeError(
      `use ${name} [${tensor.shape.join(", ")}] in the U-Net`,
      `its last axis must be ${width}`,
    );
  }
  return tensor;
}
