/**
 * Whole samplings of the originals' scripts that draw from noise, or from noise and a class, by the pipeline itself.
 *
 * @module
 */
import { Arithmetic } from "../pipelines/arithmetic.ts";
import { cleanWeights } from "../pipelines/prediction.ts";
import { drawFromNoise } from "../pipelines/unconditional.ts";
import { unconditionalFamily } from "../pipelines/unconditional_family.ts";
import type { Plan } from "../schedulers/plan.ts";
import { checkpointModel } from "./checkpoint_model.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { recordedNoise } from "./recorded_noise.ts";

/** What such a sampling gives. */
type Found = Readonly<Record<string, ArrayLike<number>>>;

/** Runs a case of the group `e2e`. */
export async function runOriginalUnconditional(
  { inputs, outputs, settings }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const { x_T, noise, class: label, uncond_class } = inputs;
  const model = checkpointModel(checkpoint);
  using arithmetic = new Arithmetic(model.backend);
  const family = await unconditionalFamily(model);
  const { space: { factor } } = family;
  const [height, width] = x_T!.shape.slice(2) as [number, number];
  const cleaned: number[] = [];
  let plan: Plan | undefined;
  const { latents, tensor } = await drawFromNoise({ model, family, arithmetic }, {
    steps: settings.requested_steps as number,
    eta: settings.eta as number,
    latents: x_T!,
    height: height * factor,
    width: width * factor,
    ...(noise === undefined ? {} : { drawStep: recordedNoise(noise) }),
    ...(label === undefined ? {} : {
      classLabels: Array.from(label.data),
      unconditionalLabel: uncond_class!.data[0]!,
      guidanceScale: settings.guidance_scale as number,
    }),
    onPlan: (planned) => void (plan = planned),
    async onStep(step) {
      const [x, said] = [await step.input(), await step.prediction()];
      const { sample, output } = cleanWeights("epsilon", plan!.rows[step.step - 1]!.level);
      for (const [at, value] of said!.data.entries()) {
        cleaned.push(sample * x!.data[at]! + output * value);
      }
    },
  });
  const found = { latent: latents.data, pred_x0: cleaned };
  if (outputs.image === undefined) return found;
  const stage = await checkpoint.component("vqvae");
  const z = { ...latents, data: latents.data.map((value) => value / checkpoint.latentScale) };
  const { sample: image } = await stage.run({ z }, { method: "decode" });
  return {
    ...found,
    // The pipeline's picture is clamped, the script's is not.
    image: image!.data,
    uint8: tensor.data.map((value) => Math.trunc(255 * value)),
  };
}
