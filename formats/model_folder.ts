/**
 * Opens model folders as diffusers saves them.
 *
 * @module
 */
import { config, type ConfigReader } from "./config_reader.ts";
import { type FileSource, subfolder } from "./file_source.ts";
import { display, isObject, type JsonValue } from "./json.ts";
import { ModelError } from "./model_error.ts";
import { type ModelIndexOptions, readModelIndex } from "./model_index.ts";
import type { OnnxPart } from "./onnx/onnx_folder.ts";
import { findWeights, openWeights, type WeightsOptions } from "./open_weights.ts";
import { type ComponentKind, componentKind } from "./pipeline_classes.ts";
import { readJson, readOptionalJson } from "./read_json.ts";
import type { WeightSource } from "./weight_source.ts";

/** A part of a model: a network, a scheduler or a tokenizer, with its folder. */
export interface ModelComponent {
  /** `unet`, `text_encoder`, … */
  readonly name: string;
  /** What it is. */
  readonly kind: ComponentKind;
  /** Its class in diffusers or transformers. */
  readonly className: string;
  /** The files of its folder. */
  readonly files: FileSource;
  /** A new reader of its configuration: `config.json`, `scheduler_config.json`, … */
  readConfig(): ConfigReader;
  /**
   * Opens its weights: reads and checks headers, no tensor.
   *
   * @throws {ModelError} If there are none that can be read, or they are damaged.
   * @throws {SafetensorsError} If they are damaged.
   */
  openWeights(options?: WeightsOptions): Promise<WeightSource>;
  /** Whether its folder has weights of a variant. Absent: it has no variants. */
  hasVariant?(variant: string): Promise<boolean>;
  /** The files of its methods, if it is a network that somebody exported as ONNX. */
  readonly onnx?: ReadonlyMap<string, OnnxPart>;
}

/** A model: its pipeline's class and its components. */
export interface ModelFolder {
  /** Where it is, for messages. */
  readonly description: string;
  /** The pipeline's class in diffusers. */
  readonly className: string;
  /** The pipeline's settings in `model_index.json`: `max_noise_level`, … */
  readonly settings: ReadonlyMap<string, JsonValue>;
  /** Components by name. What the index gives as null is not among them. */
  readonly components: ReadonlyMap<string, ModelComponent>;
  /**
   * A component by name.
   *
   * @throws {ModelError} If there is none, naming those that there are.
   */
  component(name: string): ModelComponent;
}

/** Where each kind has its configuration; a tokenizer may do without. */
const CONFIG_FILES: Readonly<Record<ComponentKind, string>> = {
  network: "config.json",
  scheduler: "scheduler_config.json",
  tokenizer: "tokenizer_config.json",
};

/** A tokenizer's folder has at least one of these. */
const TOKENIZER_FILES = ["tokenizer.json", "vocab.json", "vocab.txt"];

/**
 * Opens a model folder: reads `model_index.json` and every component's configuration, no weights.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "./file_source.ts";
 * import { openModelFolder } from "./model_folder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const files = memoryFiles(
 *   new Map([
 *     [
 *       "model_index.json",
 *       `{ "_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"],
 *          "scheduler": ["diffusers", "DDPMScheduler"] }`,
 *     ],
 *     ["unet/config.json", `{ "_class_name": "UNet2DModel", "in_channels": 3 }`],
 *     ["scheduler/scheduler_config.json", `{ "num_train_timesteps": 1000 }`],
 *   ]),
 * );
 * const model = await openModelFolder(files);
 * assertEquals(model.component("unet").readConfig().integer("in_channels"), 3);
 * ```
 *
 * @throws {ModelError} If a file or folder is missing, is not JSON, or names something that is not
 * known.
 * @throws {FileError} If a file cannot be read.
 */
export async function openModelFolder(
  files: FileSource,
  options: ModelIndexOptions = {},
): Promise<ModelFolder> {
  const { className, components: indexed, settings } = await readModelIndex(files, options);
  const components = new Map<string, ModelComponent>();
  for (const [name, entry] of indexed) {
    if (entry === null) continue;
    const inner = subfolder(files, name);
    components.set(name, await openComponent(inner, { name, className: entry.className }));
  }
  return {
    description: files.description,
    className,
    settings,
    components,
    component(name) {
      const component = components.get(name);
      if (component !== undefined) return component;
      const names = [...components.keys()].join(", ");
      throw new ModelError(
        `Cannot open ${display(name)} of ${files.description}: ${className} has ${names}`,
      );
    },
  };
}

/**
 * Opens a folder that holds a single component.
 *
 * @param options What it is called in messages, and its class. By default the configuration says
 * which class it is.
 * @throws {ModelError} If its configuration is missing, is not JSON, or is of another class.
 * @throws {FileError} If a file cannot be read.
 */
export async function openComponent(
  files: FileSource,
  options: { readonly name?: string; readonly className?: string } = {},
): Promise<ModelComponent> {
  const kind = options.className === undefined ? "network" : componentKind(options.className);
  if (kind === "tokenizer") await checkTokenizer(files);
  const file = CONFIG_FILES[kind];
  const path = `${files.description}/${file}`;
  const json = kind === "tokenizer"
    ? await readOptionalJson(files, file) ?? {}
    : await readJson(files, file);
  const className = classOf(json, { path, kind, expected: options.className });
  const { name = className } = options;
  return {
    name,
    kind,
    className,
    files,
    readConfig: () => config(json, path),
    openWeights: (weights) => openWeights(files, weights),
    hasVariant: async (variant) => await findWeights(files, variant) !== undefined,
  };
}

/** A tokenizer's reader knows its files; here it is enough that some are there. */
async function checkTokenizer(files: FileSource): Promise<void> {
  for (const name of TOKENIZER_FILES) if (await files.exists(name)) return;
  throw new ModelError(
    `Cannot use the tokenizer in ${files.description}: it has none of ${
      TOKENIZER_FILES.join(", ")
    }`,
  );
}

/**
 * diffusers writes `_class_name`, transformers `architectures`. A network of another class than the
 * index says is refused. Schedulers are exchangeable: there the index decides.
 */
function classOf(
  json: JsonValue,
  { path, kind, expected }: {
    readonly path: string;
    readonly kind: ComponentKind;
    readonly expected: string | undefined;
  },
): string {
  if (!isObject(json)) {
    throw new ModelError(`Cannot use ${path}: it is ${display(json)}; it must be an object`);
  }
  const { _class_name: own, architectures } = json;
  const named = own ?? (Array.isArray(architectures) ? architectures[0] : undefined);
  if (expected === undefined) {
    if (typeof named === "string") return named;
    throw new ModelError(`Cannot use ${path}: it does not say its _class_name or architectures`);
  }
  if (kind === "network" && own !== undefined && own !== expected) {
    throw new ModelError(
      `Cannot use ${path}: _class_name is ${display(own)}, but must be ${display(expected)}`,
    );
  }
  return expected;
}
