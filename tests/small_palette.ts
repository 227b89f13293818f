/**
 * A small Palette, as its checkpoints are opened.
 *
 * @module
 */
import { checkpointModel } from "../conformance/checkpoint_model.ts";
import { OriginalCheckpoint } from "../conformance/original_checkpoint.ts";
import type { Backend, Model } from "../mod.ts";
import { tensorSource } from "./originals/tiny_checkpoint.ts";
import { SMALL_UNET, smallUNetGraphs, smallWeights } from "./small_models.ts";

/** The configuration of its U-Net. */
export const PALETTE_UNET = { ...SMALL_UNET, in_channels: 6 };

/** A model of four steps, with weights that are the same each time. */
export function smallPalette(backend: Backend): Model {
  const weights = tensorSource(
    smallWeights(smallUNetGraphs(PALETTE_UNET), 0) as Parameters<typeof tensorSource>[0],
  );
  return checkpointModel(
    new OriginalCheckpoint({
      description: "a small Palette",
      kind: "palette",
      className: "PalettePipeline",
      components: new Map([["unet", {
        className: "UNet2DModel",
        config: PALETTE_UNET,
        weights,
      }]]),
      schedulers: new Map([["scheduler", {
        _class_name: "DDPMScheduler",
        num_train_timesteps: 4,
        beta_start: 0.01,
        beta_end: 0.5,
        variance_type: "fixed_small_log",
      }]]),
      tokenizer: null,
      settings: new Map([["time_input", "alphas_cumprod"]]),
      assumed: [],
      unused: [],
    }, backend),
  );
}
