/**
 * Palette's sampling of its published code.
 *
 * @module
 */
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { palette } from "../pipelines/palette.ts";
import { checkpointModel } from "./checkpoint_model.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { unitInterval } from "./original_repaint.ts";
import { recordedNoise } from "./recorded_noise.ts";

/** Runs a case of the group `e2e`. */
export async function runOriginalPalette(
  { inputs: { mask, noise, y_0, y_T, y_cond } }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const { shape, data } = mask as HostTensorOf<"f32">;
  const { latents } = await palette(checkpointModel(checkpoint), {
    image: unitInterval(y_0!),
    // The original's mask is what is made.
    keepMask: { dtype: "f32", shape, data: data.map((made) => 1 - made) },
    holeNoise: y_cond!,
    latents: y_T!,
    drawStep: recordedNoise(noise!),
  });
  return { image: latents.data };
}
