/**
 * Super-resolution: a small picture to a large one (Rombach et al. 2022, section 4.4; Saharia et al. 2021).
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { Arithmetic } from "./arithmetic.ts";
import { callsOn } from "./calls_in_flight.ts";
import { describedImages } from "./described_images.ts";
import { toPictures } from "./image_output.ts";
import { type ModelOptions, openModel } from "./model.ts";
import { noiseStream } from "./noise_stream.ts";
import { sampleEnlarged } from "./sample_enlarged.ts";
import type { SuperResolutionParts } from "./super_resolution_denoiser.ts";
import { superResolutionFamily } from "./super_resolution_family.ts";
import type {
  SuperResolution,
  SuperResolutionOptions,
  SuperResolutionResult,
} from "./super_resolution_options.ts";
import {
  readSuperResolutionRequest,
  type SuperResolutionRequest,
} from "./super_resolution_request.ts";
import { encodeContext } from "./text_context.ts";

/** Everything a call needs that does not depend on it. */
interface Parts extends SuperResolutionParts {
  /** Null for models that read no text. */
  readonly tokenizer: Tokenizer | null;
}

/** Opens a super-resolution model. */
export async function superResolution(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<SuperResolution> {
  const model = await openModel(source, options);
  try {
    const family = await superResolutionFamily(model);
    const tokenizer = family.kind === "text" ? await model.tokenizer() : null;
    const arithmetic = new Arithmetic(model.backend);
    const parts: Parts = { model, family, arithmetic, tokenizer };
    return Object.assign((asked: SuperResolutionOptions) => enlarge(parts, asked), {
      async check(asked: SuperResolutionOptions) {
        const { sampling: { plan }, cost } = await readSuperResolutionRequest(asked, parts);
        return { plan, cost };
      },
      model,
      readsText: family.kind === "text",
      isToldNoise: family.kind === "text",
      async [Symbol.asyncDispose]() {
        arithmetic[Symbol.dispose]();
        await model[Symbol.asyncDispose]();
      },
    });
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

async function enlarge(
  parts: Parts,
  options: SuperResolutionOptions,
): Promise<SuperResolutionResult> {
  const request = await readSuperResolutionRequest(options, parts);
  const { sampling, texts, sampleShape, cost } = request;
  const { model } = parts;
  options.signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  for (const warning of request.warnings) options.onWarning?.(warning);
  options.onPlan?.(sampling.plan, cost);

  using context = await encodeTexts(parts, request, options);
  const draw = noiseStream(sampling.seeds);
  const drawStep = sampling.stepSeed === undefined ? draw : noiseStream(sampling.stepSeed);
  const { latents, tensor } = await sampleEnlarged(parts, request, {
    context,
    draw,
    drawStep: () => drawStep(sampleShape).data,
    signal: options.signal,
    onStep: options.onStep,
  });
  const images = describedImages(toPictures(tensor), {
    model,
    sampling,
    texts: texts ?? undefined,
    guidanceInterval: request.guides && options.guidanceInterval,
    more: enlargingSettings(request, options),
  });
  return { images, latents, tensor, seed: sampling.seed, cost };
}

/** What is written into pictures of how they were enlarged. */
function enlargingSettings(
  { noiseLevel }: SuperResolutionRequest,
  { augmentation = 0, tiles = "auto", memory }: SuperResolutionOptions,
): Readonly<Record<string, string | number>> {
  return {
    ...(noiseLevel === undefined ? {} : { "noise level": noiseLevel }),
    ...(augmentation === 0 ? {} : { augmentation }),
    ...(tiles === "off" ? { tile: "off" } : {}),
    ...(tiles === "auto" && memory !== undefined ? { memory } : {}),
    ...(typeof tiles === "string" ? {} : {
      tile: tiles.size,
      ...(tiles.overlap === undefined ? {} : { "tile overlap": tiles.overlap }),
      ...(tiles.weighting === undefined ? {} : { "tile weighting": tiles.weighting }),
    }),
  };
}

async function encodeTexts(
  { family, tokenizer, ...parts }: Parts,
  { texts }: SuperResolutionRequest,
  { onWarning }: SuperResolutionOptions,
): Promise<Value | undefined> {
  if (family.kind !== "text" || texts === null || tokenizer === null) return undefined;
  return await encodeContext(texts, { ...parts, family: family.text, tokenizer, onWarning });
}
