/**
 * The part of super-resolution between what is asked and what is given back: noise, denoiser, loop, decoder.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { hostTensor, type HostTensorOf, sizeOf } from "../graph/tensor_spec.ts";
import type { Decoded } from "./decode_latents.ts";
import { denoise, type DenoiseEvent } from "./denoise.ts";
import type { NoiseStream } from "./noise_stream.ts";
import { predictionOf } from "./prediction.ts";
import { prepareSamples, readSamples, type SpaceParts } from "./sample_space.ts";
import { type SampleStep, sampleStep } from "./sample_step.ts";
import { joinChannels } from "./step_event.ts";
import { superResolutionDenoiser, type SuperResolutionParts } from "./super_resolution_denoiser.ts";
import type { SuperResolutionFamily } from "./super_resolution_family.ts";
import type { SuperResolutionRequest } from "./super_resolution_request.ts";
import { type ProgramSource, tiledDecoder } from "./tiling/tiled_decoder.ts";

/** What a call samples with. */
export interface SampleEnlargedOptions {
  /** The encoded prompts, where the model reads any. */
  readonly context?: Value | undefined;
  /** Draws noise for the given pictures and for the start, in this order, as diffusers does. */
  readonly draw: NoiseStream;
  /** Draws noise of the sample's shape for the steps. */
  readonly drawStep: () => Float32Array;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: SampleStep) => void | Promise<void>) | undefined;
}

/** The last samples, the pictures that they stand for, and what the network was given to enlarge. */
export interface Enlarged extends Decoded {
  /** The given pictures, with their noise: `[n, 3, h, w]`. */
  readonly image: HostTensorOf<"f32">;
}

/**
 * Samples and decodes a call that has been checked.
 *
 * @throws {NonFiniteError} If a network overflowed.
 * @throws The signal's reason, if it is aborted.
 */
export async function sampleEnlarged(
  parts: SuperResolutionParts,
  request: SuperResolutionRequest,
  options: SampleEnlargedOptions,
): Promise<Enlarged> {
  const { model, family, arithmetic } = parts;
  const { sampling, sampleShape } = request;
  const { plan } = sampling;
  const { context, draw, onStep } = options;
  const image = conditioningImage(request, draw, sampling.seeds);
  const noise = request.latents ?? draw(sampleShape);

  using placed = model.backend.upload(image);
  using denoiser = await superResolutionDenoiser(parts, request, { image: placed, context });
  using decoder = await tiledDecoderOf(parts, request);
  const space: SpaceParts = { model, arithmetic, space: family.space, decoder };
  await prepareSamples(sampleShape, space);
  const reporting = { ...space, plan, prediction: predictionOf(sampling.scheduler) };
  using last = await denoise(plan, {
    backend: model.backend,
    start: { noise },
    evaluate: denoiser.evaluate,
    draw: options.drawStep,
    compileUpdate: (key, build) => arithmetic.program(key, build),
    signal: options.signal,
    listener: onStep && ((event) => {
      const step = sampleStep(event, reporting);
      return onStep({
        ...step,
        input: async () => networkInput(await step.input(), { event, image, family }),
      });
    }),
  });
  return { ...await readSamples(last, space), image };
}

/** The given pictures as the network is shown them: noised, and each as often as it is enlarged. */
function conditioningImage(
  { image, noising, sampleShape: [n] }: SuperResolutionRequest,
  draw: NoiseStream,
  seeds: SuperResolutionRequest["sampling"]["seeds"],
): HostTensorOf<"f32"> {
  const [m, ...sides] = image.shape as [number, ...number[]];
  if (noising === null) return repeatRows(image, n / m);
  // With one generator a picture's noise is drawn once; with one for each result, each draws its own.
  const rows = typeof seeds === "number" ? m : n;
  const clean = repeatRows(image, rows / m);
  const noise = draw([rows, ...sides]);
  const { signal, noise: amount } = noising;
  const mixed = clean.data.map((x, at) => signal * x + amount * noise.data[at]!);
  return repeatRows(hostTensor(clean.shape, mixed), n / rows);
}

/** Each row as often as is said: 0 0 1 1. */
function repeatRows(x: HostTensorOf<"f32">, times: number): HostTensorOf<"f32"> {
  if (times === 1) return x;
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const each = sizeOf(rest);
  const data = new Float32Array(rows * times * each);
  for (let to = 0; to < rows * times; to++) {
    const from = Math.floor(to / times);
    data.set(x.data.subarray(from * each, (from + 1) * each), to * each);
  }
  return hostTensor([rows * times, ...rest], data);
}

/** All channels that the network saw in a row. */
function networkInput(
  sample: HostTensorOf<"f32"> | undefined,
  { event: { row }, image, family }: {
    readonly event: DenoiseEvent;
    readonly image: HostTensorOf<"f32">;
    readonly family: SuperResolutionFamily;
  },
): HostTensorOf<"f32"> | undefined {
  if (sample === undefined) return undefined;
  if (family.kind === "pixels") return joinChannels(image, sample);
  const scale = family.kind === "latent" && family.scaleImage ? row.evaluate!.inputScale : 1;
  return joinChannels(sample, hostTensor(image.shape, image.data.map((x) => x * scale)));
}

/** What decodes tile by tile; nothing where there is one tile, or no decoder. */
export async function tiledDecoderOf(
  { model, arithmetic, family: { space: { autoencoder, channels } } }: SuperResolutionParts,
  { sampleShape: [n], decoder, weighting }: SuperResolutionRequest,
): Promise<(ProgramSource & Disposable) | undefined> {
  if (autoencoder === null || decoder === null) return undefined;
  const { grid, reach, apart } = decoder;
  if (grid.tops.length * grid.lefts.length === 1) return undefined;
  return await tiledDecoder(await model.component(autoencoder.name), grid, {
    arithmetic,
    backend: model.backend,
    channels: [n, channels],
    weighting,
    reach,
    apart,
  });
}
