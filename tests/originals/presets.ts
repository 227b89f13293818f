/**
 * Layouts of the published models, written by hand from their configurations.
 *
 * @module
 */
import type { OriginalFirstStage } from "../../formats/originals/first_stage.ts";
import type { Heads } from "../../formats/originals/heads.ts";
import type { OriginalSr3 } from "../../formats/originals/sr3.ts";
import type { OriginalUNet } from "../../formats/originals/unet.ts";

/** What a configuration says of a U-Net. */
interface UNetSettings {
  readonly inputs: number;
  readonly outputs: number;
  readonly channels: number;
  readonly multiples: readonly number[];
  /** Levels that attend. */
  readonly attends: readonly number[];
  readonly heads: Heads;
  readonly layers?: number;
  readonly context?: number;
  readonly linear?: boolean;
  readonly resnet?: boolean;
  readonly scaleShift?: boolean;
  readonly crossOnly?: readonly number[];
  readonly classes?: number;
  readonly palette?: boolean;
  readonly order?: "legacy" | "new";
}

/** A U-Net and what its weights do not show. */
export interface UNetPreset {
  readonly unet: OriginalUNet;
  readonly heads: Heads;
  readonly order: "legacy" | "new";
}

function unet(settings: UNetSettings): UNetPreset {
  const { channels, multiples, context, attends, crossOnly = [] } = settings;
  const depth = context === undefined ? 0 : 1;
  return {
    heads: settings.heads,
    order: settings.order ?? "legacy",
    unet: {
      inChannels: settings.inputs,
      outChannels: settings.outputs,
      modelChannels: channels,
      layers: settings.layers ?? 2,
      levels: multiples.map((multiple, at) => ({
        channels: multiple * channels,
        attends: attends.includes(at),
        depth: attends.includes(at) ? depth : 0,
        crossOnly: crossOnly.includes(at),
      })),
      resampling: settings.resnet ? "resnet" : "convolution",
      scaleShift: settings.scaleShift ?? false,
      attention: context === undefined
        ? { kind: "self" }
        : { kind: "transformer", contextWidth: context, linear: settings.linear ?? false },
      middleDepth: depth,
      classes: settings.classes ?? null,
      timeLayers: settings.palette ? "cond_embed" : "time_embed",
    },
  };
}

const SD = {
  inputs: 4,
  outputs: 4,
  channels: 320,
  multiples: [1, 2, 4, 4],
  attends: [0, 1, 2],
} as const;
const SD1 = { ...SD, heads: { count: 8 }, context: 768 } as const;
const SD2 = { ...SD, heads: { width: 64 }, context: 1024, linear: true } as const;
const FACES = {
  inputs: 3,
  outputs: 3,
  channels: 224,
  multiples: [1, 2, 3, 4],
  attends: [1, 2, 3],
  heads: { width: 32 },
} as const;
const WIDE = {
  inputs: 3,
  outputs: 3,
  channels: 192,
  multiples: [1, 2, 3, 5],
  attends: [1, 2, 3],
} as const;
const ADM = {
  inputs: 3,
  outputs: 6,
  channels: 256,
  heads: { width: 64 },
  resnet: true,
  scaleShift: true,
} as const;
const ADM256 = { ...ADM, multiples: [1, 1, 2, 2, 4, 4], attends: [3, 4, 5] } as const;

/** By the names of `tests/goldens/originals/presets.json`. */
export const UNET_PRESETS: Readonly<Record<string, UNetPreset>> = {
  "sd-v1": unet(SD1),
  "sd-v1-inpaint": unet({ ...SD1, inputs: 9 }),
  "sd-v2": unet(SD2),
  "sd-v2-v": unet(SD2),
  "sd-v2-inpaint": unet({ ...SD2, inputs: 9 }),
  "x4-upscaler": unet({
    ...SD2,
    inputs: 7,
    channels: 256,
    multiples: [1, 2, 2, 4],
    attends: [1, 2, 3],
    heads: { count: 8 },
    crossOnly: [1, 2],
    classes: 1000,
  }),
  "txt2img-1p4B": unet({ ...SD1, context: 1280 }),
  "text2img256": unet({ ...WIDE, heads: { width: 32 }, context: 640 }),
  "cin256-v2": unet({ ...WIDE, heads: { count: 1 }, context: 512 }),
  "cin256": unet({
    inputs: 4,
    outputs: 4,
    channels: 256,
    multiples: [1, 2, 4],
    attends: [0, 1, 2],
    heads: { width: 32 },
    context: 512,
  }),
  "inpainting_big": unet({
    ...FACES,
    inputs: 7,
    channels: 256,
    heads: { count: 8 },
    resnet: true,
  }),
  "bsr_sr": unet({
    ...FACES,
    inputs: 6,
    channels: 160,
    multiples: [1, 2, 2, 4],
    attends: [3],
  }),
  "celeba256": unet(FACES),
  "ffhq256": unet(FACES),
  "lsun_beds256": unet(FACES),
  "lsun_churches256": unet({
    inputs: 4,
    outputs: 4,
    channels: 192,
    multiples: [1, 2, 2, 4, 4],
    attends: [0, 1, 2, 3],
    heads: { count: 8 },
    resnet: true,
    scaleShift: true,
  }),
  "adm-256": unet(ADM256),
  "adm-256-classes": unet({ ...ADM256, classes: 1000 }),
  "adm-128": unet({
    ...ADM,
    multiples: [1, 1, 2, 3, 4],
    attends: [2, 3, 4],
    heads: { count: 4 },
    classes: 1000,
  }),
  "adm-64": unet({
    ...ADM,
    channels: 192,
    multiples: [1, 2, 3, 4],
    attends: [1, 2, 3],
    layers: 3,
    classes: 1000,
    order: "new",
  }),
  "palette": unet({
    ...ADM,
    inputs: 6,
    outputs: 3,
    channels: 64,
    multiples: [1, 2, 4, 8],
    attends: [],
    heads: { width: 32 },
    palette: true,
  }),
};

/** The two published SR3 models. */
export const SR3_PRESETS: Readonly<Record<string, OriginalSr3>> = {
  "sr_sr3_16_128": sr3([1, 2, 4, 8, 8], { layers: 2, attends: 3 }),
  "sr_sr3_64_512": sr3([1, 2, 4, 8, 16], { layers: 1, attends: null }),
};

function sr3(
  multiples: readonly number[],
  { layers, attends }: { readonly layers: number; readonly attends: number | null },
): OriginalSr3 {
  return {
    inChannels: 6,
    outChannels: 3,
    layers,
    levels: multiples.map((multiple, at) => ({ channels: 64 * multiple, attends: at === attends })),
  };
}

function stage(
  multiples: readonly number[],
  options: {
    readonly latents: number;
    readonly codes?: number;
    readonly attends?: readonly number[];
    readonly mid?: boolean;
  },
): OriginalFirstStage {
  const { latents, codes = null, attends = [], mid = true } = options;
  return {
    inChannels: 3,
    outChannels: 3,
    latentChannels: latents,
    embedWidth: latents,
    layers: 2,
    levels: multiples.map((multiple, at) => ({
      channels: 128 * multiple,
      attends: { down: attends.includes(at), up: attends.includes(at) },
    })),
    midAttention: mid,
    codes,
  };
}

/** First stages, by the names of `tests/goldens/originals/presets.json`. */
export const STAGE_PRESETS: Readonly<Record<string, OriginalFirstStage>> = {
  "kl-f4": stage([1, 2, 4], { latents: 3 }),
  "kl-f8": stage([1, 2, 4, 4], { latents: 4 }),
  "kl-f16": stage([1, 1, 2, 2, 4], { latents: 16, attends: [4] }),
  "kl-f32": stage([1, 1, 2, 2, 4, 4], { latents: 64, attends: [4, 5] }),
  "vq-f4": stage([1, 2, 4], { latents: 3, codes: 8192 }),
  "vq-f4-noattn": stage([1, 2, 4], { latents: 3, codes: 8192, mid: false }),
  "vq-f8": stage([1, 2, 2, 4], { latents: 4, codes: 16384, attends: [3] }),
  "vq-f8-n256": stage([1, 2, 2, 4], { latents: 4, codes: 256, attends: [3] }),
  "vq-f16": stage([1, 1, 2, 2, 4], { latents: 8, codes: 16384, attends: [4] }),
  "x4-first-stage": stage([1, 2, 4], { latents: 4 }),
};
