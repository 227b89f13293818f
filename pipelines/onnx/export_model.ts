/**
 * A model as ONNX files, in the layout of Hugging Face Optimum.
 *
 * @module
 */
import { withCurrentNames } from "../../formats/current_names.ts";
import { ModelError } from "../../formats/model_error.ts";
import type { ModelComponent, ModelFolder } from "../../formats/model_folder.ts";
import { onnxBytes, onnxParts } from "../../formats/onnx/write_onnx.ts";
import { readJson } from "../../formats/read_json.ts";
import type { FileContent } from "../../formats/write_file.ts";
import { type Graph, parameterCount } from "../../graph/graph.ts";
import { withOutputs } from "../../graph/passes/with_outputs.ts";
import { BYTES, f32, i32 } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { decodeKL, momentsKL } from "../../models/autoencoder_kl.ts";
import { networkReaders } from "../networks/mod.ts";
import { readAutoencoderKLConfig } from "../networks/autoencoder_kl.ts";

/** Weights of more bytes than this stand in a file of their own, which is written piece by piece. */
const EMBEDDED = 64e6;

/**
 * Sizes that have nothing in common, so that no two axes are taken for one. Sides stay odd however often they are halved: a
 * network that doubles odd ones again says how far, which is right for even ones as well.
 */
const SIZES = [
  { n: 2, h: 65, w: 129, tokens: 7 },
  { n: 3, h: 193, w: 321, tokens: 11 },
] as const;

type Sizes = typeof SIZES[number];

/** A file to be: its folder, and the graph at some sizes. */
interface Export {
  readonly folder: string;
  graph(component: ModelComponent, sizes: Sizes): Graph;
}

const TEXT: readonly Export[] = [{
  folder: "text_encoder",
  graph(component, { n, tokens }) {
    const graph = forward(component, { input_ids: i32(n, tokens) });
    const names = graph.outputs.map(({ name }) => name);
    return withOutputs(
      graph,
      ["last_hidden_state", "pooler_output"].filter((name) => names.includes(name)),
    );
  },
}];

const UNET: readonly Export[] = [{
  folder: "unet",
  graph(component, { n, h, w, tokens }) {
    const config = component.readConfig();
    const channels = config.integer("in_channels", 4);
    const width = config.integer("cross_attention_dim", 1280);
    const inputs = {
      sample: f32(n, channels, h, w),
      timestep: f32(1),
      encoder_hidden_states: f32(n, tokens, width),
    };
    return withOutputs(forward(component, inputs), ["sample"]);
  },
}];

const AUTOENCODER: readonly Export[] = [{
  folder: "vae_decoder",
  graph(component, { n, h, w }) {
    const config = readAutoencoderKLConfig(component.readConfig());
    return trace(
      ({ latent_sample }, weights) => ({ sample: decodeKL(config, latent_sample, weights) }),
      { latent_sample: f32(n, config.latentChannels, h, w) },
    );
  },
}, {
  folder: "vae_encoder",
  graph(component, { n, h, w }) {
    const config = readAutoencoderKLConfig(component.readConfig());
    return trace(
      ({ sample }, weights) => ({ latent_parameters: momentsKL(config, sample, weights) }),
      { sample: f32(n, config.inChannels, 8 * h, 8 * w) },
    );
  },
}];

/** Exports by the class of a component. */
const EXPORTS: ReadonlyMap<string, readonly Export[]> = new Map([
  ["CLIPTextModel", TEXT],
  ["LDMBertModel", TEXT],
  ["UNet2DConditionModel", UNET],
  ["AutoencoderKL", AUTOENCODER],
]);

/** Pipelines whose parts are such. */
const PIPELINES = [
  "LDMTextToImagePipeline",
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionInpaintPipeline",
];

function forward(component: ModelComponent, inputs: Parameters<typeof trace>[1]): Graph {
  const read = networkReaders.get(component.className)!;
  return read(component.readConfig()).methods.get("forward")!.graph(inputs);
}

/**
 * The files of a model's export, in the order in which they are to be written: what is read of a weight is given up before the
 * next, so that a model of any size takes little memory. Batch, sides and tokens are free axes.
 *
 * @throws {ModelError} If the model is of a pipeline that is not exported, or a part is missing.
 * @throws {OnnxError} If a network cannot be expressed.
 */
export async function* onnxFiles(
  model: ModelFolder,
): AsyncGenerator<readonly [path: string, content: FileContent]> {
  if (!PIPELINES.includes(model.className)) {
    throw new ModelError(
      `Cannot export ${model.description}: it is a ${model.className}; exported are ${
        PIPELINES.join(", ")
      }`,
    );
  }
  const index: Record<string, unknown> = { _class_name: model.className };
  for (const [name, component] of model.components) {
    const exports = EXPORTS.get(component.className);
    if (exports !== undefined) {
      index[name] = [LIBRARIES[component.className] ?? "diffusers", component.className];
      for (const each of exports) yield* exportNetwork(component, each);
    } else if (component.kind === "network") {
      throw new ModelError(
        `Cannot export ${name} of ${model.description}: it is a ${component.className}`,
      );
    } else {
      index[name] = [
        component.kind === "tokenizer" ? "transformers" : "diffusers",
        component.className,
      ];
      yield* copyFiles(component);
    }
  }
  yield ["model_index.json", json({ ...index, ...Object.fromEntries(model.settings) })];
}

const LIBRARIES: Readonly<Record<string, string>> = {
  CLIPTextModel: "transformers",
  LDMBertModel: "latent_diffusion",
};

async function* exportNetwork(
  component: ModelComponent,
  { folder, graph }: Export,
): AsyncGenerator<readonly [string, FileContent]> {
  const weights = withCurrentNames(await component.openWeights(), component.className);
  const [small, large] = [graph(component, SIZES[0]), graph(component, SIZES[1])];
  const options = { another: large, weights };
  const config = await readJson(component.files, "config.json");
  yield [`${folder}/config.json`, json(config)];
  if (parameterCount(small) * BYTES.f32 <= EMBEDDED) {
    yield [`${folder}/model.onnx`, await onnxBytes(small, options)];
    return;
  }
  const parts = onnxParts(small, options);
  yield [`${folder}/${parts.file}`, pieces(parts.weights)];
  yield [`${folder}/model.onnx`, parts.model];
}

async function* pieces(
  weights: ReturnType<typeof onnxParts>["weights"],
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const { offset, length, read } of weights) {
    if (offset > at) yield new Uint8Array(offset - at);
    yield await read();
    at = offset + length;
  }
}

/** What lies in a tokenizer's folder, or a scheduler's configuration. */
const COPIED: Readonly<Record<"tokenizer" | "scheduler", readonly string[]>> = {
  tokenizer: [
    "tokenizer_config.json",
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "special_tokens_map.json",
    "added_tokens.json",
  ],
  scheduler: ["scheduler_config.json"],
};

async function* copyFiles(
  { name, kind, files }: ModelComponent,
): AsyncGenerator<readonly [string, FileContent]> {
  for (const file of COPIED[kind as keyof typeof COPIED]) {
    if (await files.exists(file)) yield [`${name}/${file}`, await files.read(file)];
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
