/**
 * Which model a single file is, from the names and shapes of its tensors.
 *
 * @module
 */
import { display } from "../json.ts";
import { ModelError } from "../model_error.ts";
import type { WeightSource } from "../weight_source.ts";
import { whyNot } from "./why_not.ts";

/** Models whose original files can be opened. */
export const ORIGINAL_KINDS = [
  /** Stable Diffusion 1 and 2, and their fine-tunes. */
  "stable-diffusion",
  /** Their inpainting models: mask and masked picture join the sample. */
  "stable-diffusion-inpainting",
  /** x4-upscaler: a low-resolution picture joins the sample. */
  "stable-diffusion-upscaling",
  /** Latent diffusion with a text encoder trained with it: txt2img-1p4B, text2img256. */
  "ldm-text-to-image",
  /** Latent diffusion by class: cin256. */
  "ldm-class-to-image",
  /** Latent diffusion from noise alone: CelebA, FFHQ, LSUN. */
  "ldm-unconditional",
  /** Latent diffusion from a low-resolution picture: bsr_sr. */
  "ldm-super-resolution",
  /** Latent diffusion with a mask: inpainting_big. */
  "ldm-inpainting",
  /** A first stage in a file of its own. */
  "autoencoder",
  /** guided-diffusion's U-Net on pixels, which RePaint uses. */
  "adm",
  /** Super-resolution by iterative refinement, on pixels. */
  "sr3",
  /** Image-to-image on pixels. */
  "palette",
] as const;

/** A model whose original file can be opened. */
export type OriginalKind = typeof ORIGINAL_KINDS[number];

/** What a latent diffusion model is conditioned on, besides the picture. */
export type Conditioning = "clip" | "open-clip" | "bert" | "class" | "none";

/** What a file is. */
export interface Recognised {
  /** The model. */
  readonly kind: OriginalKind;
  /** What its U-Net's names begin with; null if it has none. */
  readonly unet: string | null;
  /** What its first stage's names begin with; null if it has none. */
  readonly firstStage: string | null;
  /** What it is conditioned on. */
  readonly conditioning: Conditioning;
}

/** Tokens of a text in latent diffusion. */
const TEXT_LENGTH = 77;

/** What a U-Net's names begin with in latent diffusion checkpoints. */
export const LDM_UNET = "model.diffusion_model.";
/** What a first stage's names begin with in them. */
export const LDM_FIRST_STAGE = "first_stage_model.";
/** What the names of Palette and SR3 begin with. */
export const DENOISE_FUNCTION = "denoise_fn.";

/**
 * Recognises a checkpoint.
 *
 * @throws {ModelError} If it is none of {@linkcode ORIGINAL_KINDS}, saying what it looks like instead.
 */
export function recognise(source: WeightSource): Recognised {
  const has = (name: string) => source.tensors.has(name);
  // Signs of other models come first: a control network, say, lies beside a whole Stable Diffusion.
  const reason = whyNot(source);
  if (reason !== undefined) {
    throw new ModelError(`Cannot open ${source.description}: ${reason}`);
  }
  const pixels = { firstStage: null, conditioning: "none" } as const;
  if (has(`${DENOISE_FUNCTION}noise_level_mlp.1.weight`)) {
    return { kind: "sr3", unet: DENOISE_FUNCTION, ...pixels };
  }
  if (has(`${DENOISE_FUNCTION}cond_embed.0.weight`)) {
    return { kind: "palette", unet: DENOISE_FUNCTION, ...pixels };
  }
  if (has("input_blocks.0.0.weight") && has("time_embed.0.weight") && has("out.2.weight")) {
    return { kind: "adm", unet: "", ...pixels };
  }
  const firstStage = has(`${LDM_FIRST_STAGE}decoder.conv_in.weight`)
    ? LDM_FIRST_STAGE
    : has("decoder.conv_in.weight") && has("encoder.down.0.block.0.norm1.weight")
    ? ""
    : null;
  const isLatent = has(`${LDM_UNET}input_blocks.0.0.weight`);
  if (firstStage !== null && !isLatent) {
    return { kind: "autoencoder", unet: null, firstStage, conditioning: "none" };
  }
  if (firstStage === LDM_FIRST_STAGE && isLatent) return recogniseLatent(source);
  if (isLatent) {
    throw new ModelError(
      `Cannot open ${source.description}: it has a U-Net (${LDM_UNET}…) and no first stage (${LDM_FIRST_STAGE}…)`,
    );
  }
  const names = [...source.tensors.keys()].slice(0, 3).map((name) => display(name)).join(", ");
  throw new ModelError(
    `Cannot open ${source.description}: nothing known has its ${source.tensors.size} tensors` +
      (names === "" ? "" : `, such as ${names}`),
  );
}

/** By what the first convolution takes: latents, and whatever joins them. */
function recogniseLatent(source: WeightSource): Recognised {
  const size = (name: string, axis: number) => source.tensors.get(name)?.shape[axis] ?? 0;
  const input = size(`${LDM_UNET}input_blocks.0.0.weight`, 1);
  const latents = size(`${LDM_FIRST_STAGE}post_quant_conv.weight`, 1);
  const conditioning = conditioningOf(source);
  const found = { unet: LDM_UNET, firstStage: LDM_FIRST_STAGE, conditioning } as const;
  const joined = input - latents;
  const unknown = (what: string) =>
    new ModelError(
      `Cannot open ${source.description}: its U-Net takes ${input} channels, ${joined} more than its latents have` +
        `, and its condition is ${what}; no model like that is known`,
    );
  switch (conditioning) {
    case "clip":
    case "open-clip":
      if (source.tensors.has(`${LDM_UNET}label_emb.weight`)) {
        if (joined === 3) return { kind: "stable-diffusion-upscaling", ...found };
        throw unknown("a text and a class");
      }
      if (joined === 0) return { kind: "stable-diffusion", ...found };
      if (joined === latents + 1) return { kind: "stable-diffusion-inpainting", ...found };
      if (joined === 1) throw unknown("a text (a depth map joins the latents: not supported)");
      if (joined === latents) throw unknown("a text (a picture joins the latents: not supported)");
      throw unknown("a text");
    case "bert":
      checkTextLength(source);
      if (joined === 0) return { kind: "ldm-text-to-image", ...found };
      throw unknown("a text");
    case "class":
      if (joined === 0) return { kind: "ldm-class-to-image", ...found };
      throw unknown("a class");
    case "none":
      if (joined === 0) return { kind: "ldm-unconditional", ...found };
      if (joined === latents + 1) return { kind: "ldm-inpainting", ...found };
      if (joined === 3) return { kind: "ldm-super-resolution", ...found };
      throw unknown("none");
  }
}

/** Layout to image has the same encoder for boxes, of which it reads 92. */
function checkTextLength({ tensors, description }: WeightSource): void {
  const tokens = tensors.get("cond_stage_model.transformer.pos_emb.emb.weight")?.shape[0];
  if (tokens === undefined || tokens === TEXT_LENGTH) return;
  throw new ModelError(
    `Cannot open ${description}: its encoder reads ${tokens} tokens, and a text has ${TEXT_LENGTH}; ` +
      "layout to image is not supported",
  );
}

function conditioningOf({ tensors, description }: WeightSource): Conditioning {
  const below = (name: string) => tensors.has(`cond_stage_model.${name}`);
  const embedding = "embeddings.token_embedding.weight";
  if (below(`transformer.text_model.${embedding}`) || below(`transformer.${embedding}`)) {
    return "clip";
  }
  if (below("model.token_embedding.weight")) return "open-clip";
  if (below("transformer.token_emb.weight")) return "bert";
  if (below("embedding.weight")) return "class";
  const attends = tensors.has(
    `${LDM_UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight`,
  );
  if (!attends) return "none";
  throw new ModelError(
    `Cannot open ${description}: its U-Net attends to a text and the file has no text encoder ` +
      "(cond_stage_model…) that is known",
  );
}
