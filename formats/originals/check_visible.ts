/**
 * Whether a configuration is a checkpoint's own.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";
import type { OriginalFirstStage } from "./first_stage.ts";
import type { OriginalSettings, VisibleSettings } from "./original_settings.ts";
import type { OriginalUNet } from "./unet.ts";

/** The same settings, as a checkpoint's weights show them. */
export function visibleSettings(
  { unet, stage }: {
    readonly unet?: Pick<
      OriginalUNet,
      "inChannels" | "outChannels" | "layers" | "modelChannels" | "levels" | "attention"
    >;
    readonly stage?: OriginalFirstStage;
  },
): VisibleSettings {
  return {
    ...(unet === undefined ? {} : {
      inChannels: unet.inChannels,
      outChannels: unet.outChannels,
      modelChannels: unet.modelChannels,
      layers: unet.layers,
      channelMultiples: unet.levels.map(({ channels }) => channels / unet.modelChannels),
      ...(unet.attention.kind === "transformer"
        ? { contextWidth: unet.attention.contextWidth }
        : {}),
    }),
    ...(stage === undefined ? {} : {
      embedWidth: stage.embedWidth,
      stageChannels: stage.levels.map(({ channels }) => channels),
    }),
  };
}

/**
 * Compares what a configuration says with what the weights show. A configuration that lies beside a file by chance would
 * otherwise give it another number of heads or another noise schedule, and nothing would look wrong but the pictures.
 *
 * @throws {ModelError} If they differ.
 */
export function checkVisible(settings: OriginalSettings, shown: VisibleSettings): void {
  for (const key of Object.keys(settings.visible) as (keyof VisibleSettings)[]) {
    const [said, found] = [settings.visible[key], shown[key]];
    if (found === undefined || String(said) === String(found)) continue;
    throw new ModelError(
      `Cannot use ${settings.path} with this checkpoint: it says that ${
        WORDS[key]
      } are ${said}, but in the weights they ` +
        `are ${found}`,
    );
  }
}

const WORDS: Readonly<Record<keyof VisibleSettings, string>> = {
  inChannels: "the U-Net's input channels",
  outChannels: "the U-Net's output channels",
  modelChannels: "the U-Net's channels",
  layers: "residual blocks a level",
  channelMultiples: "the multiples of the U-Net's channels",
  contextWidth: "the channels of the text",
  embedWidth: "the channels of the latents",
  stageChannels: "the first stage's channels",
};
