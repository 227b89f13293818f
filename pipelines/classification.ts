/**
 * Zero-shot classification by a text-to-image model: the label whose prompt lets the denoiser tell the noise best (Diffusion
 * Classifier, Li et al. 2023).
 *
 * @module
 */
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { peakBytes } from "../graph/passes/peak_bytes.ts";
import { specsOf } from "../graph/graph.ts";
import { f32, i32, sizeOf } from "../graph/tensor_spec.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import { Arithmetic } from "./arithmetic.ts";
import { errorEvaluator } from "./classification/error_evaluator.ts";
import { rankLabels } from "./classification/label_scores.ts";
import { chooseRows } from "./classification/pack.ts";
import {
  type ClassificationRequest,
  columnsOf,
  readClassification,
} from "./classification/request.ts";
import { runStages, stageSizes, type StagesResult } from "./classification/run_stages.ts";
import { digest, ErrorTable, restoreTable } from "./classification/state.ts";
import type {
  ClassificationOptions,
  ClassificationResult,
  PromptErrors,
  ZeroShotImageClassification,
} from "./classification_options.ts";
import { callsOn } from "./calls_in_flight.ts";
import type { Component } from "./component.ts";
import { encodeImages } from "./encode_images.ts";
import { type Model, type ModelOptions, openModel } from "./model.ts";
import { SettingsError } from "./settings.ts";
import { latentTextFamily, type TextToImageFamily } from "./text_to_image_family.ts";

/** Rows of a batch, unless said otherwise: a processor gains nothing by more, and is heard of less often. */
const MOST_ROWS = 16;

/** The same, where the denoiser is an ONNX file. */
const MOST_ROWS_OF_FILES = 4;

/** Numbers of noise, and errors, beyond which a request is a mistake. */
const MOST_NUMBERS = 2 ** 28;

/** Everything a call needs that does not depend on it. */
interface Parts {
  readonly model: Model;
  readonly family: TextToImageFamily;
  readonly tokenizer: Tokenizer;
  readonly arithmetic: Arithmetic;
}

/** Opens a text-to-image model as a classifier. */
export async function zeroShotImageClassification(
  source: Parameters<typeof openModel>[0],
  options: ModelOptions = {},
): Promise<ZeroShotImageClassification> {
  const model = await openModel(source, options);
  try {
    const family = await latentTextFamily(model, {
      task: "classify",
      classes: ["LDMTextToImagePipeline", "StableDiffusionPipeline"],
    });
    const tokenizer = await model.tokenizer();
    const arithmetic = new Arithmetic(model.backend);
    const parts: Parts = { model, family, tokenizer, arithmetic };
    return Object.assign((asked: ClassificationOptions) => classify(parts, asked), {
      model,
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

async function classify(
  parts: Parts,
  options: ClassificationOptions,
): Promise<ClassificationResult> {
  const { model, arithmetic, family, tokenizer } = parts;
  const request = readClassification(options, family);
  const { prompts, stages, elimination: { trials }, latentShape, seed } = request;
  const columns = columnsOf(stages, trials);
  if (Math.max(columns * sizeOf(latentShape), columns * prompts.length) > MOST_NUMBERS) {
    throw new SettingsError(
      `Cannot compare ${prompts.length} prompts ${columns} times each: that is more than can be kept`,
    );
  }
  options.signal?.throwIfAborted();
  using _call = callsOn(model.backend).begin();
  const table = new ErrorTable(prompts.length, columns);
  const key = stateKey(model, { request, noise: options.noise });
  if (options.resume !== undefined) restoreTable(table, { state: options.resume, key });

  const denoiser = await model.component("unet");
  const textEncoder = await model.component(family.textEncoder);
  using latents = await encodeImages(request.image, {
    component: await model.component(family.autoencoder),
    arithmetic,
    family,
    batch: 1,
  });
  // Somebody's ONNX file takes one timestep, however large the batch.
  const oneTimestep = model.folder.component("unet").onnx !== undefined;
  const rows = chooseRows(stageSizes(request), {
    most: request.batchSize ?? mostRows(request, { denoiser, textEncoder, tokens: family.tokens }),
    oneTimestep,
  });
  const encode = await errorEvaluator({
    denoiser,
    textEncoder,
    tokenizer,
    family,
    arithmetic,
    latents,
    rows,
    prediction: request.prediction,
    loss: request.loss,
    oneTimestep,
    onWarning: once(options.onWarning),
  });
  const { winner, leftAfter } = await runStages(request, {
    table,
    encode,
    noise: request.noise?.data ?? new TorchGenerator(seed).randn(columns * sizeOf(latentShape)),
    rows,
    oneTimestep,
    key,
    onStep: options.onStep,
    signal: options.signal,
  });
  return resultOf(request, { table, winner, leftAfter });
}

/** What errors depend on. */
function stateKey(
  { description }: Model,
  { request, noise }: {
    readonly request: ClassificationRequest;
    readonly noise: ClassificationOptions["noise"];
  },
): string {
  const { image, prompts, elimination, loss, prediction, alphas, seed } = request;
  const settings = { description, prompts, elimination, loss, prediction, shape: image.shape };
  return digest([
    JSON.stringify(settings),
    image.data as Float32Array<ArrayBuffer>,
    alphas as Float32Array<ArrayBuffer>,
    noise === undefined ? `seed ${seed}` : noise.data as Float32Array<ArrayBuffer>,
  ]);
}

/** How many rows' intermediate results fit into memory, but at least one. */
function mostRows(
  { latentShape, memory }: ClassificationRequest,
  { denoiser, textEncoder, tokens }: {
    readonly denoiser: Component;
    readonly textEncoder: Component;
    readonly tokens: number;
  },
): number {
  const texts = textEncoder.graph({ input_ids: i32(1, tokens) });
  const { id } = texts.outputs.find(({ name }) => name === "last_hidden_state")!;
  const graph = denoiser.graph({
    sample: f32(...latentShape),
    timestep: f32(1),
    encoder_hidden_states: specsOf(texts).get(id)!,
  });
  // What a file does inside is not known here.
  if (graph.nodes.length === 0) return MOST_ROWS_OF_FILES;
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(memory / peakBytes(graph))));
}

function resultOf(
  { labels, prompts, stages, elimination: { trials }, temperature, seed }: ClassificationRequest,
  { table, winner, leftAfter }: StagesResult & { readonly table: ErrorTable },
): ClassificationResult {
  const timesteps = stages.flatMap((stage) =>
    stage.timesteps.flatMap((t) => Array<number>(trials).fill(t))
  );
  const columnsAfter = stages.map((_, at) => columnsOf(stages.slice(0, at + 1), trials));
  const each = prompts.map(({ text, label }, prompt): PromptErrors => {
    const stage = leftAfter[prompt]!;
    const count = columnsAfter[stage - 1]!;
    const errors = table.row(prompt, count);
    return {
      prompt: text,
      label: labels[label]!,
      timesteps: timesteps.slice(0, count),
      errors,
      stage,
    };
  });
  const ranked = rankLabels(
    each.map(({ errors }, prompt) => ({ label: prompts[prompt]!.label, errors })),
    { winner, labels: labels.length, temperature },
  );
  return {
    label: labels[prompts[winner]!.label]!,
    labels: ranked.map(({ label, score, error }) => ({ label: labels[label]!, score, error })),
    prompts: each,
    evaluations: table.count,
    seed,
  };
}

/** A listener that hears each message once: prompts are encoded again in each stage. */
function once(
  listener: ClassificationOptions["onWarning"],
): ClassificationOptions["onWarning"] {
  const heard = new Set<string>();
  return listener && ((message) => {
    if (heard.has(message)) return;
    heard.add(message);
    listener(message);
  });
}
