/**
 * Samplings of the originals' inpainting scripts, by the pipeline itself.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { type Tokenizer, tokenizerOf } from "../formats/tokenizers/tokenizer.ts";
import type { HostTensor, HostTensorOf } from "../graph/tensor_spec.ts";
import { inpaint, inpaintingParts } from "../pipelines/inpainting.ts";
import type { Model } from "../pipelines/model.ts";
import type { NoiseStream } from "../pipelines/noise_stream.ts";
import { cleanWeights } from "../pipelines/prediction.ts";
import type { Plan } from "../schedulers/plan.ts";
import { checkpointModel } from "./checkpoint_model.ts";
import type { CaseTensors, OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";
import { recordedNoise } from "./recorded_noise.ts";
import { pictures } from "./text_call.ts";

/** What such a sampling gives. */
type Found = Readonly<Record<string, ArrayLike<number>>>;

/** Runs a case of the group `e2e`. */
export async function runOriginalInpainting(
  { inputs, settings }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const { image_uint8, mask_uint8, x_T } = inputs;
  const [image] = pictures(image_uint8!, { several: false });
  const parts = await inpaintingParts(modelOf(checkpoint, inputs));
  using _arithmetic = parts.arithmetic;
  const cleaned: number[] = [];
  let plan: Plan | undefined;
  let beside: ArrayLike<number> = [];
  const { latents, tensor, images } = await inpaint(parts, {
    image: image!,
    mask: pictures(mask_uint8!, { several: false }),
    steps: settings.requested_steps as number,
    eta: settings.eta as number,
    latents: x_T!,
    ...(inputs.ids === undefined
      ? {}
      : { prompt: PROMPT, guidanceScale: settings.guidance_scale as number }),
    onPlan: (planned) => void (plan = planned),
    async onStep(step) {
      const [x, said] = [await step.input(), await step.prediction()];
      const { sample, output } = cleanWeights("epsilon", plan!.rows[step.step - 1]!.level);
      // One picture: its channels come first.
      for (const [at, value] of said!.data.entries()) {
        cleaned.push(sample * x!.data[at]! + output * value);
      }
      beside = x!.data.subarray(said!.data.length);
    },
  }, recordedDraws(inputs));
  const stage = await checkpoint.component("vae", "vqvae");
  const z = { ...latents, data: latents.data.map((value) => value / checkpoint.latentScale) };
  const { sample: decoded } = await stage.run({ z }, { method: "decode" });
  return {
    latent: latents.data,
    pred_x0: cleaned,
    // The pipeline's picture is clamped, the script's is not.
    image: decoded!.data,
    uint8: tensor.data.map((value) => Math.trunc(255 * value)),
    // One script calls them cond, the other c_concat.
    cond: beside,
    c_concat: beside,
    inpainted: composited(tensor, { image: image!, mask: mask_uint8! }),
    inpainted_uint8: channelsFirst(images[0]!),
  };
}

/** What stands for the prompt whose ids are recorded. */
const PROMPT = "the recorded prompt";

/** The checkpoint as a model whose tokenizer knows two texts: the recorded prompt and none. */
function modelOf(checkpoint: OriginalCheckpoint, { ids, uncond_ids }: CaseTensors): Model {
  const model = checkpointModel(checkpoint);
  if (ids === undefined || uncond_ids === undefined) return model;
  const [given, none] = [ids, uncond_ids].map(({ data }) => Array.from(data));
  const tokenizer: Tokenizer = tokenizerOf({
    description: "recorded ids",
    vocabularySize: Math.max(...given!, ...none!) + 1,
    maxLength: given!.length,
    padId: 0,
    encode: (text) => text === PROMPT ? given! : none!,
    decode: () => "",
  });
  return { ...model, tokenizer: () => Promise.resolve(tokenizer) };
}

/** The posterior's draw, then those of the steps. */
function recordedDraws({ posterior_noise, noise }: CaseTensors): NoiseStream {
  const first = posterior_noise === undefined ? [] : [posterior_noise as HostTensorOf<"f32">];
  const steps = noise === undefined ? undefined : recordedNoise(noise);
  return (shape) => first.shift() ?? { dtype: "f32", shape, data: steps!() };
}

/** As `scripts/inpaint.py` of latent diffusion puts it together, in 0..1. */
function composited(
  { data, shape }: HostTensorOf<"f32">,
  { image, mask }: { readonly image: Picture; readonly mask: HostTensor },
): Float32Array {
  const plane = shape[2]! * shape[3]!;
  const given = channelsFirst(image);
  return data.map((made, at) => mask.data[at % plane]! / 255 < 0.5 ? given[at]! / 255 : made);
}

/** `[h, w, c]` to `[c, h, w]` */
function channelsFirst({ width, height, channels, data }: Picture): Uint8Array {
  const plane = width * height;
  return Uint8Array.from(
    { length: data.length },
    (_, at) => data[(at % plane) * channels + Math.floor(at / plane)]!,
  );
}
