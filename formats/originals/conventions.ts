/**
 * What is taken for granted where neither a checkpoint's weights nor a configuration say it: the published models' settings.
 *
 * @module
 */
import type { Heads } from "./heads.ts";
import type { OriginalSchedule, OriginalSettings } from "./original_settings.ts";
import type { Recognised } from "./recognise.ts";
import type { OriginalUNet } from "./unet.ts";

/** Settings of the published models of a kind. */
export interface Convention {
  /** Attention heads of the U-Net. */
  readonly heads: Heads;
  /** Whether averaged weights are used, where the file has them. */
  readonly useEma: boolean;
  /** Null where published models differ and nothing shows which one it is. */
  readonly prediction: OriginalSettings["prediction"];
  /** Denoisers see latents times this. */
  readonly scaleFactor: number;
  /** The noise schedule. */
  readonly schedule: OriginalSchedule;
  /** Side in latent pixels. */
  readonly sampleSize: number;
}

const scaled = (start: number, end: number): OriginalSchedule => ({
  kind: "scaled_linear",
  start,
  end,
  steps: 1000,
});

const linear = (start: number, end: number, steps: number): OriginalSchedule => ({
  kind: "linear",
  start,
  end,
  steps,
});

const STABLE_DIFFUSION: Convention = {
  heads: { count: 8 },
  useEma: false,
  prediction: "epsilon",
  scaleFactor: 0.18215,
  schedule: scaled(0.00085, 0.012),
  sampleSize: 64,
};

/** CompVis' models of VQ-regularised latents, at their original scale (Rombach et al. 2022, tables 12 to 15). */
const LATENT: Convention = {
  heads: { width: 32 },
  useEma: true,
  prediction: "epsilon",
  scaleFactor: 1,
  schedule: scaled(0.0015, 0.0195),
  sampleSize: 64,
};

const PIXELS: Convention = {
  heads: { width: 64 },
  useEma: false,
  prediction: "epsilon",
  scaleFactor: 1,
  schedule: linear(1e-4, 2e-2, 1000),
  sampleSize: 256,
};

/** The convention for a recognised model, and its U-Net where that decides between two. */
export function conventionOf(
  { kind, conditioning }: Recognised,
  unet: Pick<OriginalUNet, "inChannels" | "modelChannels" | "resampling"> | null,
): Convention {
  switch (kind) {
    case "stable-diffusion":
      // Version 2 was published with both predictions, in files of equal shapes.
      return conditioning === "open-clip"
        ? { ...STABLE_DIFFUSION, heads: { width: 64 }, prediction: null }
        : STABLE_DIFFUSION;
    case "stable-diffusion-inpainting":
      return conditioning === "open-clip"
        ? { ...STABLE_DIFFUSION, heads: { width: 64 } }
        : STABLE_DIFFUSION;
    case "stable-diffusion-upscaling":
      return {
        ...STABLE_DIFFUSION,
        prediction: "v_prediction",
        scaleFactor: 0.08333,
        schedule: scaled(0.0001, 0.02),
        sampleSize: 128,
      };
    case "autoencoder":
      return STABLE_DIFFUSION;
    case "ldm-text-to-image":
      // txt2img-1p4B works on KL-f8's four channels, text2img256 on VQ-f4's three.
      return unet?.inChannels === 3 ? LATENT : { ...STABLE_DIFFUSION, sampleSize: 32 };
    case "ldm-class-to-image":
      // cin256-v2 has 192 channels and one head, the older cin256 has 256 and heads of 32 channels.
      return unet?.modelChannels === 192
        ? { ...LATENT, heads: { count: 1 }, useEma: false }
        : { ...LATENT, sampleSize: 32 };
    case "ldm-unconditional":
      return unet?.resampling === "resnet"
        ? { ...LATENT, heads: { count: 8 }, schedule: scaled(0.0015, 0.0155), sampleSize: 32 }
        : LATENT;
    case "ldm-super-resolution":
      return { ...LATENT, schedule: scaled(0.0015, 0.0155) };
    case "ldm-inpainting":
      return { ...LATENT, heads: { count: 8 }, schedule: scaled(0.0015, 0.0205) };
    case "adm":
      return PIXELS;
    case "sr3":
      return {
        ...PIXELS,
        heads: { count: 1 },
        schedule: linear(1e-6, 1e-2, 2000),
        sampleSize: 128,
      };
    case "palette":
      return { ...PIXELS, heads: { width: 32 }, schedule: linear(1e-4, 9e-2, 1000) };
  }
}
