/**
 * Pictures with the settings that made them.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import type { Settings } from "../formats/images/infotext.ts";
import { GeneratedImage } from "./generated_image.ts";
import type { Model } from "./model.ts";
import type { SamplingSettings } from "./sampling_settings.ts";
import type { TextSettings } from "./text_settings.ts";
import type { TextToImageOptions } from "./text_to_image_options.ts";
import { autoencoderTileSettings, type CheckedTiles } from "./tiling/autoencoder_tiles.ts";

/** What made a call's pictures. */
export interface DescribedImagesOptions {
  readonly model: Pick<Model, "description">;
  readonly sampling: Pick<
    SamplingSettings,
    "steps" | "sampler" | "seeds" | "stepSeed" | "listed" | "eta" | "strength"
  >;
  /** Absent where the model reads no text. */
  readonly texts?: TextSettings | undefined;
  readonly guidanceInterval?: TextToImageOptions["guidanceInterval"];
  /** The autoencoder's; null where there is none. */
  readonly tiles?: CheckedTiles | null;
  /** Settings of one task, by infotext's keys. */
  readonly more?: Readonly<Record<string, string | number>>;
}

/** Gives each picture of a call its settings, as they are written into files. Settings at their defaults are left out. */
export function describedImages(
  pictures: readonly Picture[],
  { model, sampling, texts, guidanceInterval, tiles, more }: DescribedImagesOptions,
): GeneratedImage[] {
  const { seeds, stepSeed, strength, listed } = sampling;
  return pictures.map((picture, at) =>
    new GeneratedImage(picture, {
      prompt: texts?.prompts[at] ?? "",
      ...(texts === undefined ? {} : { negativePrompt: texts.negatives[at]! }),
      steps: sampling.steps,
      sampler: sampling.sampler,
      ...(texts === undefined ? {} : { guidance: texts.guidanceScale }),
      seed: typeof seeds === "number" ? seeds : seeds[at]!,
      width: picture.width,
      height: picture.height,
      model: model.description.replace(/\/+$/, "").split("/").at(-1)!,
      ...(stepSeed === undefined ? {} : { "step seed": stepSeed }),
      ...(listed.timesteps === undefined ? {} : { timesteps: listed.timesteps.join(" ") }),
      ...(listed.sigmas === undefined ? {} : { sigmas: listed.sigmas.join(" ") }),
      ...(strength === undefined ? {} : { "Denoising strength": strength }),
      ...(sampling.eta === 0 ? {} : { eta: sampling.eta }),
      ...(texts === undefined ? {} : textExtras(texts)),
      ...(guidanceInterval === undefined
        ? {}
        : { "guidance interval": guidanceInterval.join(" to ") }),
      ...(tiles ? autoencoderTileSettings(tiles) : {}),
      ...more,
      ...(typeof seeds === "number" && pictures.length > 1 ? { "batch index": at } : {}),
    })
  );
}

function textExtras({ clipSkip, guidanceRescale }: TextSettings): Partial<Settings> {
  return {
    ...(clipSkip === 0 ? {} : { "Clip skip": clipSkip + 1 }),
    ...(guidanceRescale === 0 ? {} : { "guidance rescale": guidanceRescale }),
  };
}
