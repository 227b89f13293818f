import { assertEquals, assertThrows } from "@std/assert";
import { ModelError } from "../model_error.ts";
import { recognise } from "./recognise.ts";
import type { WeightSource } from "../weight_source.ts";

function source(shapes: Readonly<Record<string, readonly number[]>>): WeightSource {
  return {
    description: "file",
    tensors: new Map(
      Object.entries(shapes).map(([name, shape]) => [name, { shape, stored: "F32" }]),
    ),
    read: () => Promise.reject(new Error("not read")),
  };
}

/** The few tensors of a latent diffusion model that decide what it is. */
function latent(options: {
  readonly inputs: number;
  readonly latents?: number;
  readonly condition?: string;
  readonly more?: Readonly<Record<string, readonly number[]>>;
}): WeightSource {
  const { inputs, latents = 4, condition } = options;
  const unet = "model.diffusion_model";
  return source({
    [`${unet}.input_blocks.0.0.weight`]: [32, inputs, 3, 3],
    "first_stage_model.decoder.conv_in.weight": [64, latents, 3, 3],
    "first_stage_model.post_quant_conv.weight": [latents, latents, 1, 1],
    ...(condition === undefined ? {} : {
      [`cond_stage_model.${condition}`]: [99, 32],
      [`${unet}.middle_block.1.transformer_blocks.0.attn2.to_k.weight`]: [64, 32],
    }),
    ...options.more,
  });
}

const CLIP = "transformer.text_model.embeddings.token_embedding.weight";
const FLAT_CLIP = "transformer.embeddings.token_embedding.weight";
const OPEN_CLIP = "model.token_embedding.weight";
const BERT = "transformer.token_emb.weight";
const CLASSES = "embedding.weight";
const LABELS = { "model.diffusion_model.label_emb.weight": [1000, 128] };

Deno.test("latent diffusion is recognised by its condition and what joins the latents", () => {
  const kinds = [
    [latent({ inputs: 4, condition: CLIP }), "stable-diffusion", "clip"],
    [latent({ inputs: 4, condition: FLAT_CLIP }), "stable-diffusion", "clip"],
    [latent({ inputs: 4, condition: OPEN_CLIP }), "stable-diffusion", "open-clip"],
    [latent({ inputs: 9, condition: CLIP }), "stable-diffusion-inpainting", "clip"],
    [latent({ inputs: 9, condition: OPEN_CLIP }), "stable-diffusion-inpainting", "open-clip"],
    [
      latent({ inputs: 7, condition: OPEN_CLIP, more: LABELS }),
      "stable-diffusion-upscaling",
      "open-clip",
    ],
    [latent({ inputs: 4, condition: BERT }), "ldm-text-to-image", "bert"],
    [latent({ inputs: 3, latents: 3, condition: CLASSES }), "ldm-class-to-image", "class"],
    [latent({ inputs: 3, latents: 3 }), "ldm-unconditional", "none"],
    [latent({ inputs: 6, latents: 3 }), "ldm-super-resolution", "none"],
    [latent({ inputs: 7, latents: 3 }), "ldm-inpainting", "none"],
  ] as const;
  for (const [file, kind, conditioning] of kinds) {
    const found = recognise(file);
    assertEquals([found.kind, found.conditioning], [kind, conditioning]);
  }
});

Deno.test("first stages and networks on pixels", () => {
  const stage = { "decoder.conv_in.weight": [64, 4, 3, 3] };
  const kinds = [
    [source({ ...stage, "encoder.down.0.block.0.norm1.weight": [64] }), "autoencoder", ""],
    [
      source({ "first_stage_model.decoder.conv_in.weight": [64, 4, 3, 3] }),
      "autoencoder",
      "first_stage_model.",
    ],
    [source({ "denoise_fn.noise_level_mlp.1.weight": [64, 16] }), "sr3", null],
    [source({ "denoise_fn.cond_embed.0.weight": [128, 32] }), "palette", null],
    [
      source({
        "input_blocks.0.0.weight": [32, 3, 3, 3],
        "time_embed.0.weight": [128, 32],
        "out.2.weight": [6, 32, 3, 3],
      }),
      "adm",
      null,
    ],
  ] as const;
  for (const [file, kind, prefix] of kinds) {
    const found = recognise(file);
    assertEquals([found.kind, found.firstStage], [kind, prefix]);
  }
});

const REFUSED: readonly (readonly [what: string, file: WeightSource])[] = [
  [
    "looks like Stable Diffusion XL",
    latent({ inputs: 4, more: { "conditioner.embedders.0.x": [] } }),
  ],
  ["looks like Stable Diffusion 3", source({ "model.diffusion_model.joint_blocks.0.x": [1] })],
  ["looks like Flux", source({ "double_blocks.0.img_attn.proj.weight": [1] })],
  ["is a LoRA", source({ "lora_unet_down_blocks_0_x.lora_down.weight": [1] })],
  ["is a LoRA", source({ "unet.mid_block.attn.to_q.lora_A.weight": [1] })],
  ["is a ControlNet", latent({ inputs: 4, condition: CLIP, more: { "control_model.x": [1] } })],
  ["is a textual inversion", source({ "emb_params": [1, 768] })],
  ["is a text encoder alone", source({ "text_model.final_layer_norm.weight": [768] })],
  ["is a text encoder alone", source({ [`cond_stage_model.${CLIP}`]: [49408, 768] })],
  ["open the model folder", source({ "down_blocks.0.resnets.0.conv1.weight": [1] })],
  ["open the model folder", source({ "encoder.down_blocks.0.resnets.0.conv1.weight": [1] })],
  ["guided-diffusion's classifier", source({ "input_blocks.0.0.weight": [1, 3, 3, 3] })],
  ["looks like an ESRGAN", source({ "conv_first.weight": [64, 3, 3, 3] })],
  ["it holds no tensors", source({})],
  ['nothing known has its 1 tensors, such as "w"', source({ w: [1] })],
  ["has a U-Net", source({ "model.diffusion_model.input_blocks.0.0.weight": [32, 4, 3, 3] })],
  ["depth map", latent({ inputs: 5, condition: OPEN_CLIP })],
  ["a picture joins the latents", latent({ inputs: 8, condition: CLIP })],
  [
    "no text encoder",
    latent({
      inputs: 4,
      more: {
        "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight": [1, 1],
      },
    }),
  ],
  [
    "layout to image",
    latent({
      inputs: 3,
      latents: 3,
      condition: BERT,
      more: { "cond_stage_model.transformer.pos_emb.emb.weight": [92, 512] },
    }),
  ],
  ["5 channels", latent({ inputs: 5, latents: 3 })],
];

for (const [what, file] of REFUSED) {
  Deno.test(`recognise() refuses: ${what}`, () => {
    const error = assertThrows(() => recognise(file), ModelError);
    assertEquals((error as Error).message.includes(what), true, (error as Error).message);
  });
}
