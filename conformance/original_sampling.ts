/**
 * Whole samplings of the originals' text-to-image scripts: text encoder, guidance, sampler, first stage.
 *
 * @module
 */
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";
import { hostTensor } from "../graph/tensor_spec.ts";
import { Arithmetic } from "../pipelines/arithmetic.ts";
import { denoise } from "../pipelines/denoise.ts";
import { guidedDenoiser } from "../pipelines/guided_denoiser.ts";
import { cleanWeights, type Prediction } from "../pipelines/prediction.ts";
import type { Plan, Row } from "../schedulers/plan.ts";
import { type Scheduler, scheduler } from "../schedulers/scheduler.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { originalContext } from "./original_context.ts";
import { runOriginalInpainting } from "./original_inpainting.ts";
import { runOriginalPalette } from "./original_palette.ts";
import { runOriginalSuperResolution } from "./original_super_resolution.ts";
import { runOriginalUnconditional } from "./original_unconditional.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Pipelines whose samplings can be run. */
const PIPELINES: ReadonlySet<string> = new Set([
  "StableDiffusionPipeline",
  "LDMTextToImagePipeline",
]);

/** Samplings that the pipeline of another task makes by itself. */
const BY_PIPELINE: ReadonlyMap<string, typeof runOriginalSampling> = new Map([
  ["LDMPipeline", runOriginalUnconditional],
  ["LDMClassToImagePipeline", runOriginalUnconditional],
  ["LDMInpaintingPipeline", runOriginalInpainting],
  ["StableDiffusionInpaintPipeline", runOriginalInpainting],
  ["PalettePipeline", runOriginalPalette],
  ["LDMSuperResolutionPipeline", runOriginalSuperResolution],
  ["StableDiffusionUpscalePipeline", runOriginalSuperResolution],
  ["SR3Pipeline", runOriginalSuperResolution],
]);

/** What a sampling starts from, and how. */
interface Sampling {
  readonly plan: Plan;
  readonly prediction: Prediction;
  readonly start: HostTensorOf<"f32">;
  /** What comes out besides the last sample. */
  readonly found: Record<string, ArrayLike<number>>;
}

/**
 * Runs a case of the groups `e2e`, `e2e_v`, `plms` or `img2img`.
 *
 * @throws {UnsupportedCaseError} If the model does not draw from text alone.
 */
export async function runOriginalSampling(
  golden: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const { className } = checkpoint.model;
  const byPipeline = BY_PIPELINE.get(className);
  if (byPipeline !== undefined) return await byPipeline(golden, checkpoint);
  if (!PIPELINES.has(className)) {
    throw new UnsupportedCaseError(`sampling with ${className} from recorded ids and noise`);
  }
  const { inputs, outputs, settings } = golden;
  const { plan, prediction, start, found } = await prepare(golden, checkpoint);
  using arithmetic = new Arithmetic(checkpoint.backend);
  using context = await originalContext(inputs, checkpoint);
  const { shape } = start;
  using denoiser = await guidedDenoiser(await checkpoint.component("unet"), {
    arithmetic,
    shape,
    context,
    guidance: settings.guidance_scale as number,
  });
  const clean: number[] = [];
  using last = await denoise(plan, {
    backend: checkpoint.backend,
    start: { sample: start },
    evaluate: (sample, evaluation) => denoiser.evaluate(sample, evaluation),
    draw: () => {
      throw new UnsupportedCaseError("noise in the steps of an original sampler");
    },
    compileUpdate: (key, build) => arithmetic.program(key, build),
    listener: async ({ row, before, output }) => {
      const [x, predicted] = [await before.read(), await output!.read()];
      const weights = cleanWeights(prediction, row.level);
      for (const [at, value] of predicted.data.entries()) {
        clean.push(weights.sample * x.data[at]! + weights.output * value);
      }
    },
  });
  const latent = await last.read();
  found.latent = latent.data;
  // PLMS reports its average of several evaluations, which no row of a plan holds.
  if (clean.length === outputs.pred_x0?.data.length) found.pred_x0 = clean;
  if (outputs.image === undefined) return found;
  const image = await decode(latent, checkpoint);
  return {
    ...found,
    image,
    uint8: Array.from(image, (value) => Math.trunc(255 * clamp((value + 1) / 2))),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** The rows of a case's sampler, and its first sample. */
async function prepare(golden: OriginalCase, checkpoint: OriginalCheckpoint): Promise<Sampling> {
  const { name, inputs, settings } = golden;
  const config = checkpoint.model.schedulers.get("scheduler")!;
  const steps = (settings.requested_steps ?? settings.ddim_steps) as number;
  const timesteps = settings.timesteps as readonly number[];
  const plms = settings.sampler === "PLMSSampler";
  const sampler = scheduler(
    plms ? { ...config, _class_name: "PNDMScheduler", skip_prk_steps: true } : config,
  );
  const prediction = config.prediction_type as Prediction;
  const whole = sampler.plan(steps);
  if (!name.startsWith("img2img")) {
    // CompVis' samplers make more steps than they are asked for where these do not divide 1000.
    const plan = plms || whole.rows.length === timesteps.length
      ? whole
      : ddimPlan(sampler, { timesteps, prediction });
    const start = inputs.x_T as HostTensorOf<"f32">;
    return { plan, prediction, start, found: {} };
  }
  const rows = whole.rows.slice(-timesteps.length);
  const first = whole.rows[whole.rows.length - timesteps.length - 1]!;
  const start = await noised(inputs, { checkpoint, first });
  return { plan: { ...whole, rows }, prediction, start, found: { noised: start.data } };
}

/** CompVis' image to image noises a picture to the timestep before the first one that it denoises at. */
async function noised(
  { image, noise, posterior_noise }: OriginalCase["inputs"],
  { checkpoint, first }: { readonly checkpoint: OriginalCheckpoint; readonly first: Row },
): Promise<HostTensorOf<"f32">> {
  const stage = await checkpoint.component("vae", "vqvae");
  const encoded = await stage.run({ x: image!, noise: posterior_noise! }, {
    method: "encode",
    outputs: ["sample"],
  });
  const scale = checkpoint.latentScale;
  const { signal, noise: amount } = first.level;
  const { shape, data } = encoded.sample!;
  return hostTensor(
    shape,
    Float32Array.from(data, (value, at) => signal * scale * value + amount * noise!.data[at]!),
  );
}

/** DDIM without noise at any timesteps (Song et al. 2021, equation 12); behind the last one comes the first alpha. */
function ddimPlan(
  sampler: Scheduler,
  { timesteps, prediction }: {
    readonly timesteps: readonly number[];
    readonly prediction: Prediction;
  },
): Plan {
  const rows = timesteps.map((timestep, at): Row => {
    const level = sampler.level(timestep);
    const next = sampler.level(timesteps[at + 1] ?? 0);
    const { sample, output } = cleanWeights(prediction, level);
    return {
      evaluate: { timestep, inputScale: 1 },
      level,
      clean: { terms: { sample, output } },
      draws: 0,
      // The noise is what is left of the sample when the clean picture is taken away.
      writes: [{
        to: "sample",
        terms: {
          clean: next.signal - next.noise * level.signal / level.noise,
          sample: next.noise / level.noise,
        },
      }],
    };
  });
  return { initialScale: 1, start: rows[0]!.level, kept: 0, rows };
}

async function decode(
  { shape, data }: HostTensor,
  checkpoint: OriginalCheckpoint,
): Promise<ArrayLike<number>> {
  const stage = await checkpoint.component("vae", "vqvae");
  const scale = checkpoint.latentScale;
  const z = hostTensor(shape, Float32Array.from(data, (value) => value / scale));
  const { sample } = await stage.run({ z }, { method: "decode" });
  return sample!.data;
}
