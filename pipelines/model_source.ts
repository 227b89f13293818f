/**
 * Where a model comes from: an embedded one, a folder, a single file, files that somebody hands over.
 *
 * @module
 */
import { EMBEDDED_MODELS, openEmbeddedModel } from "../assets/open.ts";
import { type FileSource, isUrl, locateFile, openFiles } from "../formats/files.ts";
import type { JsonValue } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import {
  type ModelComponent,
  type ModelFolder,
  openComponent,
  openModelFolder,
} from "../formats/model_folder.ts";
import { isOnnxFolder, openOnnxFolder } from "../formats/onnx/onnx_folder.ts";
import { isCheckpointPath, openOriginalFile } from "../formats/originals/open_original_file.ts";
import { originalFolder } from "../formats/originals/original_folder.ts";
import { parseOriginalText } from "../formats/originals/original_text.ts";

/** A folder's or file's path or URL, an embedded model's name, or files. */
export type ModelSource = string | URL | FileSource;

/** What is taken from elsewhere. */
export interface ModelSourceOptions {
  /**
   * Parts of the model that are somebody else's, by name: `{ vae: "better-vae", tokenizer: "clip" }`. Each is the folder of such a
   * part, a whole model's folder that has one, or for networks a checkpoint in one file.
   */
  readonly parts?: Readonly<Record<string, ModelSource>>;
  /** The original configuration of a model in one file, `v2-inference-v.yaml` say, if it does not lie beside it. */
  readonly config?: string | URL;
}

/**
 * Opens a model, whatever it is: reads configurations and the headers of weights.
 *
 * @throws {ModelError} If it is nothing known, or something is missing.
 * @throws {SafetensorsError} If a header is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function openModelSource(
  source: ModelSource,
  options: ModelSourceOptions = {},
): Promise<ModelFolder> {
  const { parts = {}, config } = options;
  const folder = await openWhole(source, config);
  const taken = new Map<string, ModelComponent>();
  for (const [name, from] of Object.entries(parts)) {
    taken.set(partName(name, folder), await openPart(name, from));
  }
  return taken.size === 0 ? folder : withParts(folder, taken);
}

/** Whether a model's networks are ONNX files, which ONNX Runtime alone runs. */
export async function isOnnxSource(source: ModelSource): Promise<boolean> {
  if (singleFile(source) !== undefined) return false;
  const files = await openSource(source);
  // What is no model's folder is told when it is opened.
  return await files.exists("model_index.json") && await isOnnxFolder(files);
}

/** What the model calls a part: latent diffusion has its autoencoder as `vqvae`. A checkpoint in one file has no tokenizer. */
function partName(name: string, { components, className, description }: ModelFolder): string {
  if (components.has(name) || name === "tokenizer") return name;
  if (name === "vae" && components.has("vqvae")) return "vqvae";
  throw new ModelError(
    `Cannot take ${name} of ${description} from elsewhere: ${className} has ${
      [...components.keys()].join(", ")
    }`,
  );
}

async function openWhole(
  source: ModelSource,
  config: ModelSourceOptions["config"],
): Promise<ModelFolder> {
  const file = singleFile(source);
  if (file !== undefined) {
    const given = config === undefined ? {} : await readConfig(config);
    return originalFolder(await openOriginalFile(file.files, file.path, given));
  }
  const files = await openSource(source);
  if (config !== undefined) {
    throw new ModelError(
      `Cannot use a configuration for ${files.description}: it is a folder, which has its own`,
    );
  }
  const isLocal = typeof source === "string" && !isUrl(source);
  if (isLocal && !await files.exists("model_index.json")) {
    throw new ModelError(
      `Cannot open the model ${source}: there is no model_index.json in a folder of that name, and embedded models are ${
        Object.keys(EMBEDDED_MODELS).join(", ")
      }`,
    );
  }
  return await isOnnxFolder(files) ? await openOnnxFolder(files) : await openModelFolder(files);
}

/** The original configuration that somebody gives. */
async function readConfig(
  where: string | URL,
): Promise<{ readonly config: JsonValue; readonly configPath: string }> {
  const { files, path } = locateFile(where);
  const configPath = `${files.description}/${path}`;
  const text = new TextDecoder().decode(await files.read(path));
  return { config: parseOriginalText(text, configPath), configPath };
}

async function openPart(name: string, source: ModelSource): Promise<ModelComponent> {
  const file = singleFile(source);
  if (file !== undefined) {
    const folder = originalFolder(await openOriginalFile(file.files, file.path));
    return folder.component(partName(name, folder));
  }
  const files = await openSource(source);
  if (await files.exists("model_index.json")) {
    const folder = await openModelSource(files);
    return folder.component(partName(name, folder));
  }
  const className = await partClass(name, files);
  return await openComponent(files, className === undefined ? { name } : { name, className });
}

/** The class of a part whose configuration may not say it. */
async function partClass(name: string, files: FileSource): Promise<string | undefined> {
  if (!name.startsWith("tokenizer")) return undefined;
  return await files.exists("vocab.txt") ? "BertTokenizer" : "CLIPTokenizer";
}

function withParts(
  folder: ModelFolder,
  parts: ReadonlyMap<string, ModelComponent>,
): ModelFolder {
  return {
    ...folder,
    components: new Map([...folder.components, ...parts]),
    component: (name) => parts.get(name) ?? folder.component(name),
  };
}

/** A source of files as such; a checkpoint in one file is none. */
export async function openSource(source: ModelSource): Promise<FileSource> {
  if (source instanceof URL) return openFiles(source);
  if (typeof source !== "string") return source;
  return await openEmbeddedModel(source) ?? openFiles(source);
}

/** Whether a source is a checkpoint in one file. */
function singleFile(source: ModelSource): ReturnType<typeof locateFile> | undefined {
  if (typeof source === "string") return isCheckpointPath(source) ? locateFile(source) : undefined;
  if (source instanceof URL) {
    return isCheckpointPath(source.href) ? locateFile(source) : undefined;
  }
  return undefined;
}
