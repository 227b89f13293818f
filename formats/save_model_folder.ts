/**
 * A model as the files of a diffusers folder.
 *
 * @module
 */
import { convertWeights, type WeightDType } from "./convert_weights.ts";
import { withCurrentNames } from "./current_names.ts";
import { display, isObject, type JsonObject } from "./json.ts";
import { ModelError } from "./model_error.ts";
import type { ModelComponent, ModelFolder } from "./model_folder.ts";
import { admits, PIPELINE_CLASSES, type PipelineClass } from "./pipeline_classes.ts";
import { rawMembers, type RawObject, rawValue, writeRawObject } from "./raw_json.ts";
import { readJson } from "./read_json.ts";
import { LAYOUT_VERSION, libraryOf, savedConfig, weightsFile } from "./saved_component.ts";
import { type StreamedTensor, streamSafetensors } from "./stream_safetensors.ts";
import { weightsOptions } from "./weights_variant.ts";

/** Settings of {@linkcode saveModelFolder}. */
export interface SaveModelOptions {
  /** What weights are stored as. */
  readonly dtype: WeightDType;
  /** `fp16`: of a folder, the files `*.fp16.safetensors`. They are written under the plain names. */
  readonly variant?: string;
  /** Told after each tensor. */
  readonly onTensor?: (done: number, total: number) => void;
  /** Stops the writing between two pieces. */
  readonly signal?: AbortSignal;
}

/** A file of the folder: its path, and its bytes or pieces of them. */
export type SavedFile = readonly [
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array<ArrayBuffer>>,
];

/** A model that is to be saved. */
export interface SavedModel {
  /** The files, made as they are asked for, once. */
  readonly files: AsyncIterable<SavedFile>;
  /** What whoever uses the folder has to know, in sentences. */
  readonly warnings: readonly string[];
}

/** Files that a tokenizer's folder may have. */
const TOKENIZER_FILES = [
  "tokenizer.json",
  "vocab.json",
  "merges.txt",
  "vocab.txt",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

/** A table of a thousand steps has 20 kB. */
const LARGEST_CONFIG = 1_000_000;

/** The largest published one has 35 MB. */
const LARGEST_TOKENIZER_FILE = 100_000_000;

/** Parts of diffusers' pipelines that no picture depends on, and that are said to be left out. */
const LEFT_OUT = ["safety_checker", "feature_extractor"];

/** Pipelines of diffusers that warn if they have no safety checker, unless their index says that it is meant so. */
const CHECKED = [
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionInpaintPipeline",
];

/**
 * Makes the files of a diffusers folder from a model of any kind: the index, configurations, tokenizer files, and weights in
 * safetensors under the names that are current. Configurations and the headers of weights are read now, tensors one by one
 * as the files are asked for. A file that holds one network becomes that network's folder, without an index.
 *
 * @throws {ModelError} If there is no such pipeline, a part other than the tokenizer is missing, or its networks are ONNX
 * files. The pieces throw what `convertWeights` throws.
 * @throws {SafetensorsError} If a header is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function saveModelFolder(
  folder: ModelFolder,
  options: SaveModelOptions,
): Promise<SavedModel> {
  const fail = (reason: string) =>
    new ModelError(`Cannot convert ${folder.description}: ${reason}`);
  const { variant } = options;
  const components = [...folder.components.values()];
  if (components.some(({ onnx }) => onnx !== undefined)) {
    throw fail("its networks are ONNX files, whose weights have lost their names");
  }
  const known = PIPELINE_CLASSES.get(folder.className);
  const [only] = components;
  const single = known === undefined && components.length === 1;
  if (known === undefined && !single) {
    throw fail(`its class is ${folder.className}, for which there is no pipeline`);
  }
  const warnings: string[] = [];
  if (known?.own) {
    warnings.push(
      `The folder is for this library: diffusers has no ${folder.className} that could open it.`,
    );
  }
  const files: SavedFile[] = [];
  if (known !== undefined) {
    const index = indexOf(folder, { known, fail, warnings });
    const members = Object.entries(index).map(([key, value]) => [key, rawValue(value)] as const);
    files.push(["model_index.json", encode(writeRawObject(new Map(members)))]);
  }
  const weights: { readonly path: string; readonly tensors: Tensors }[] = [];
  for (const component of components) {
    const at = single && component === only ? "" : `${component.name}/`;
    if (component.kind === "tokenizer") {
      files.push(...await tokenizerFiles(component, at));
      continue;
    }
    const config = await readConfig(component);
    const { className } = component;
    const raw = savedConfig(config.raw, { className, dtype: options.dtype });
    files.push([at + configFile(component), encode(writeRawObject(raw))]);
    if (component.kind !== "network") continue;
    const stored = await component.openWeights(await weightsOptions(folder, component, variant));
    const source = withCurrentNames(stored, className);
    weights.push({
      path: at + weightsFile(className),
      tensors: convertWeights(source, options),
    });
    if (className === "UNet2DModel" && typeof config.json.num_attention_heads === "number") {
      warnings.push(
        `${component.name} has the same number of attention heads on every level (num_attention_heads), ` +
          "which diffusers' UNet2DModel cannot say: there it would compute something else.",
      );
    }
  }
  return { files: allFiles(files, { weights, options }), warnings };
}

type Tensors = ReadonlyMap<string, StreamedTensor>;

/** Small files first, then weights one after the other. */
async function* allFiles(
  files: readonly SavedFile[],
  { weights, options }: {
    readonly weights: readonly { readonly path: string; readonly tensors: Tensors }[];
    readonly options: SaveModelOptions;
  },
): AsyncGenerator<SavedFile> {
  const { signal, onTensor } = options;
  yield* files;
  const total = weights.reduce((sum, { tensors }) => sum + tensors.size, 0);
  let done = 0;
  const watched = (tensor: StreamedTensor): StreamedTensor => ({
    ...tensor,
    async *pieces() {
      for await (const piece of tensor.pieces()) {
        signal?.throwIfAborted();
        yield piece;
      }
      onTensor?.(++done, total);
    },
  });
  for (const { path, tensors } of weights) {
    const all = new Map([...tensors].map(([name, tensor]) => [name, watched(tensor)]));
    // torch's libraries want to be told that the layout of the numbers is torch's.
    yield [path, streamSafetensors(all, new Map([["format", "pt"]])).pieces];
  }
}

/** `model_index.json`. */
function indexOf(
  { className, components, settings }: ModelFolder,
  { known, fail, warnings }: {
    readonly known: PipelineClass;
    readonly fail: (reason: string) => ModelError;
    readonly warnings: string[];
  },
): JsonObject {
  const parts: Record<string, readonly [string | null, string | null]> = {};
  for (const [name, component] of components) {
    if (!Object.hasOwn(known.components, name)) {
      throw fail(
        `${className} has no ${name}; it has ${Object.keys(known.components).join(", ")}`,
      );
    }
    parts[name] = [libraryOf(component.className), component.className];
  }
  for (const [name, classes] of Object.entries(known.components)) {
    const found = components.get(name);
    if (found !== undefined) {
      if (admits(classes, found.className)) continue;
      throw fail(`its ${name} is ${display(found.className)}, which ${className} cannot have`);
    }
    const wanted = classes === "any scheduler" ? undefined : classes[0];
    if (name !== "tokenizer" || wanted === undefined) throw fail(`it has no ${name}`);
    parts[name] = [libraryOf(wanted), wanted];
    warnings.push(
      `There is no tokenizer: a checkpoint has none. Before the folder can be used it needs one in ${name}/, the files ` +
        `of a ${wanted} such as a diffusers model of the same family has; or convert with --tokenizer.`,
    );
  }
  const absent = LEFT_OUT.filter((name) => known.ignored.includes(name));
  return {
    ...(CHECKED.includes(className) ? { requires_safety_checker: false } : {}),
    ...Object.fromEntries(settings),
    ...Object.fromEntries(absent.map((name) => [name, [null, null]])),
    ...parts,
    _class_name: className,
    _diffusers_version: LAYOUT_VERSION,
  };
}

function configFile({ kind }: ModelComponent): string {
  return kind === "scheduler" ? "scheduler_config.json" : "config.json";
}

/** A configuration, checked, and as it is written. */
async function readConfig(
  component: ModelComponent,
): Promise<{ readonly json: JsonObject; readonly raw: RawObject }> {
  const { files } = component;
  const path = configFile(component);
  const json = await readJson(files, path);
  const fail = (reason: string) =>
    new ModelError(`Cannot convert ${files.description}/${path}: ${reason}`);
  if (!isObject(json)) throw fail("it is no object");
  const bytes = await files.read(path);
  if (bytes.length > LARGEST_CONFIG) {
    throw fail(`it has ${bytes.length} bytes; ${LARGEST_CONFIG} is the limit`);
  }
  return { json, raw: rawMembers(new TextDecoder().decode(bytes)) };
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A tokenizer's files as they are. */
async function tokenizerFiles({ files }: ModelComponent, at: string): Promise<SavedFile[]> {
  const found: SavedFile[] = [];
  for (const name of TOKENIZER_FILES) {
    if (!await files.exists(name)) continue;
    const size = await files.size(name);
    if (size > LARGEST_TOKENIZER_FILE) {
      throw new ModelError(
        `Cannot convert ${files.description}/${name}: it has ${size} bytes; ${LARGEST_TOKENIZER_FILE} is the limit`,
      );
    }
    found.push([at + name, await files.read(name)]);
  }
  return found;
}
