/**
 * Whole samplings of the originals' scripts that enlarge, by the pipeline's own parts: latent diffusion, whole and in tiles;
 * Stable Diffusion's upscaler; SR3.
 *
 * @module
 */
import { type HostTensor, hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { Arithmetic } from "../pipelines/arithmetic.ts";
import type { NoiseStream } from "../pipelines/noise_stream.ts";
import { cleanWeights, predictionOf } from "../pipelines/prediction.ts";
import { sampleEnlarged, tiledDecoderOf } from "../pipelines/sample_enlarged.ts";
import type { SuperResolutionParts } from "../pipelines/super_resolution_denoiser.ts";
import { superResolutionFamily } from "../pipelines/super_resolution_family.ts";
import type { SuperResolutionOptions } from "../pipelines/super_resolution_options.ts";
import {
  readSuperResolutionRequest,
  type SuperResolutionRequest,
} from "../pipelines/super_resolution_request.ts";
import { checkpointModel } from "./checkpoint_model.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { originalContext } from "./original_context.ts";
import { recordedNoise } from "./recorded_noise.ts";
import { unitTensor } from "./super_resolution_cases.ts";

/** What such a sampling gives. */
type Found = Readonly<Record<string, ArrayLike<number>>>;

/** Runs a case of the group `e2e`. */
export async function runOriginalSuperResolution(
  { inputs, settings }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const model = checkpointModel(checkpoint);
  const family = await superResolutionFamily(model);
  using arithmetic = new Arithmetic(model.backend);
  const parts: SuperResolutionParts = { model, family, arithmetic };
  const request = await readSuperResolutionRequest({
    image: inputs.lr_uint8 === undefined
      ? unitInterval(inputs.condition!)
      : unitTensor(inputs.lr_uint8),
    latents: inputs.x_T!,
    ...asked(settings, inputs),
    tiles: tilesOf(settings),
  }, parts);
  const { plan, scheduler } = request.sampling;
  using context = inputs.ids === undefined ? undefined : await originalContext(inputs, checkpoint);
  const cleaned: number[] = [];
  let before: ArrayLike<number> = inputs.x_T!.data;
  const { latents, image: augmented } = await sampleEnlarged(parts, request, {
    context,
    draw: recordedStream(inputs.augment_noise),
    drawStep: inputs.noise === undefined ? notDrawn : recordedNoise(inputs.noise),
    async onStep(step) {
      const said = await step.prediction();
      const weights = cleanWeights(predictionOf(scheduler), plan.rows[step.step - 1]!.level);
      for (const [at, value] of said!.data.entries()) {
        cleaned.push(weights.sample * before[at]! + weights.output * value);
      }
      before = (await step.latents()).data;
    },
  });
  if (family.space.autoencoder === null) return { image: latents.data };
  const image = await decode(latents, { parts, request, checkpoint });
  return {
    latent: latents.data,
    pred_x0: cleaned,
    augmented: augmented.data,
    image,
    uint8: Array.from(
      image,
      (value) => Math.trunc(255 * Math.min(1, Math.max(0, (value + 1) / 2))),
    ),
  };
}

/** Steps, noise and guidance of a case; SR3 runs through all of its steps. */
function asked(
  { requested_steps, eta, guidance_scale }: OriginalCase["settings"],
  { noise_level, condition }: OriginalCase["inputs"],
): Partial<SuperResolutionOptions> {
  return {
    // The script enlarges before it samples.
    ...(condition === undefined
      ? {}
      : { width: condition.shape.at(-1)!, height: condition.shape.at(-2)! }),
    ...(requested_steps === undefined ? {} : { steps: requested_steps as number }),
    ...(eta === undefined ? {} : { eta: eta as number }),
    ...(guidance_scale === undefined ? {} : { guidanceScale: guidance_scale as number }),
    ...(noise_level === undefined ? {} : { noiseLevel: noise_level.data[0]! }),
  };
}

/** The original's `split_input_params`. */
function tilesOf(
  { split_input_params }: OriginalCase["settings"],
): NonNullable<SuperResolutionOptions["tiles"]> {
  if (split_input_params === null || split_input_params === undefined) return "off";
  const { ks, stride } = split_input_params as { readonly ks: number; readonly stride: number };
  return { size: ks, overlap: ks - stride, weighting: "distance" };
}

/** The noise of the low-resolution picture; the first latents are given. */
function recordedStream(noise: HostTensor | undefined): NoiseStream {
  return () => {
    if (noise === undefined) return notDrawn();
    return hostTensor(noise.shape, Float32Array.from(noise.data));
  };
}

function notDrawn(): never {
  throw new RangeError("Cannot draw noise that the case does not hold");
}

/** From -1..1 to 0..1. */
function unitInterval({ shape, data }: HostTensor): HostTensorOf<"f32"> {
  return hostTensor(shape, Float32Array.from(data, (x) => (x + 1) / 2));
}

/** Decodes without clamping, in tiles where the case has them. */
async function decode(
  { shape, data }: HostTensorOf<"f32">,
  { parts, request, checkpoint }: {
    readonly parts: SuperResolutionParts;
    readonly request: SuperResolutionRequest;
    readonly checkpoint: OriginalCheckpoint;
  },
): Promise<ArrayLike<number>> {
  const z = hostTensor(shape, data.map((value) => value / checkpoint.latentScale));
  using tiled = await tiledDecoderOf(parts, request);
  const stage = tiled ?? await checkpoint.component("vae", "vqvae");
  const program = await stage.program({ z }, { method: "decode", outputs: ["sample"] });
  using latents = checkpoint.backend.upload(z);
  using sample = program.run({ z: latents }).sample!;
  return (await sample.read()).data;
}
