/**
 * RePaint by its authors' code: DDPM with a predicted variance, which goes back again and again.
 *
 * @module
 */
import { type HostTensor, hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { repaint } from "../pipelines/repaint.ts";
import { jumpingSteps, type Jumps } from "../schedulers/jumping_steps.ts";
import { checkpointModel } from "./checkpoint_model.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { recordedNoise } from "./recorded_noise.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Runs a case of the group `repaint`. */
export async function runOriginalRepaint(
  { inputs, settings }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const { gt, keep_mask, x_T, noise } = inputs;
  const steps = (settings.timestep_map as readonly number[]).length;
  const { latents } = await repaint(checkpointModel(checkpoint), {
    image: unitInterval(gt!),
    keepMask: firstChannel(keep_mask!),
    latents: x_T!,
    steps,
    drawStep: recordedNoise(noise!),
    ...jumpsOf(settings.times as readonly number[], steps),
  });
  // At the last step the sample is the prediction itself.
  return { sample: latents.data, pred_xstart: latents.data };
}

/** The jumps that visit steps in an order; at its end stands -1. */
function jumpsOf(times: readonly number[], steps: number): Jumps {
  for (let jumpLength = 1; jumpLength <= steps; jumpLength++) {
    for (let jumpNSample = 1; jumpNSample <= times.length; jumpNSample++) {
      const visited = jumpingSteps({ steps, jumpLength, jumpNSample });
      if ([...visited, -1].join() === times.join()) return { jumpLength, jumpNSample };
    }
  }
  throw new UnsupportedCaseError(`the order of steps ${times.join(", ")}`);
}

/** From -1..1 to 0..1. */
export function unitInterval({ shape, data }: HostTensor): HostTensorOf<"f32"> {
  return hostTensor(shape, Float32Array.from(data, (x) => (x + 1) / 2)) as HostTensorOf<"f32">;
}

/** `[n, c, h, w]` of equal channels to `[n, 1, h, w]`. */
function firstChannel({ shape, data }: HostTensor): HostTensorOf<"f32"> {
  const [n, c, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const first = Float32Array.from(
    { length: n * plane },
    (_, at) => data[Math.floor(at / plane) * c * plane + at % plane]!,
  );
  return { dtype: "f32", shape: [n, 1, height, width], data: first };
}
