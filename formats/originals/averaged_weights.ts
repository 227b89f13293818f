/**
 * Averaged weights (EMA), which latent diffusion's scripts sample from.
 *
 * @module
 */
import { type KeyMap, renamed } from "./key_map.ts";
import { LDM_UNET } from "./recognise.ts";
import type { WeightSource } from "../weight_source.ts";

/** `model.diffusion_model.out.2.weight` is averaged as `model_ema.diffusion_modelout2weight`: dots were not allowed. */
export function averagedName(name: string): string {
  return `model_ema.${name.slice("model.".length).replaceAll(".", "")}`;
}

/** Whether a checkpoint has averages of its U-Net's weights. */
export function hasAverages({ tensors }: WeightSource): boolean {
  return tensors.has(averagedName(`${LDM_UNET}input_blocks.0.0.weight`));
}

/** The map of a U-Net whose averaged weights are taken. None is mixed with one that is not averaged. */
export function averagedMap(map: KeyMap): KeyMap {
  return renamed(map, averagedName);
}
