/**
 * Opens an original checkpoint by its path, with the configuration that lies beside it.
 *
 * @module
 */
import type { FileSource } from "../file_source.ts";
import { isUrl } from "../files.ts";
import type { JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { readOptionalJson } from "../read_json.ts";
import { openSafetensors } from "../safetensors.ts";
import { openTorchCheckpoint } from "../torch/torch_checkpoint.ts";
import { openOriginal, type OpenOriginalOptions } from "./open_original.ts";
import type { OriginalModel } from "./original_model.ts";
import { parseOriginalText } from "./original_text.ts";
import { vocabularyOf } from "./read_original_settings.ts";
import type { WeightSource } from "../weight_source.ts";

/** Endings of files that hold a whole model. */
const CHECKPOINT = /\.(safetensors|ckpt|pt|pth|bin)$/i;

/** The original configurations have 2 kB. */
const LARGEST_CONFIG = 64_000;

/** What a text encoder's configuration is called: in transformers' words, in open_clip's. */
const TEXT_CONFIGS = ["text_encoder_config.json", "open_clip_config.json"];

/** Whether a path or URL is that of a checkpoint and not of a folder. */
export function isCheckpointPath(place: string): boolean {
  return CHECKPOINT.test(isUrl(place) && URL.canParse(place) ? new URL(place).pathname : place);
}

/**
 * Opens the weights of a checkpoint, whatever it is: safetensors, or what `torch.save` wrote.
 *
 * @throws {ModelError} If it is damaged or neither.
 * @throws {FileError} If it cannot be read.
 */
export async function openCheckpointWeights(
  files: FileSource,
  path: string,
): Promise<WeightSource> {
  return /\.safetensors$/i.test(path)
    ? await openSafetensors(files, path)
    : await openTorchCheckpoint(files, path);
}

/**
 * Opens a checkpoint. Its configuration, unless one is given, is the file of the same name that ends in `.yaml`, as web user
 * interfaces have it, or `config.yaml` or `config.json` in the same folder, as CompVis and others publish them.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "../file_source.ts";
 * import { openOriginalFile } from "./open_original_file.ts";
 * import { writeSafetensors } from "../write_safetensors.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const encoder = { "text_model.final_layer_norm.weight": { dtype: "f32", shape: [1], data: new Float32Array(1) } } as const;
 * const files = memoryFiles(new Map([["clip.safetensors", writeSafetensors(encoder)]]));
 * await assertRejects(() => openOriginalFile(files, "clip.safetensors"), Error, "a text encoder alone");
 * ```
 *
 * @param path The checkpoint, relative to `files`.
 * @throws {ModelError} As {@linkcode openOriginal} does, and if a file beside it is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function openOriginalFile(
  files: FileSource,
  path: string,
  options: OpenOriginalOptions = {},
): Promise<OriginalModel> {
  const weights = await openCheckpointWeights(files, path);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const found = options.config === undefined
    ? await findConfig(files, { folder, stem: path.replace(CHECKPOINT, "") })
    : undefined;
  const textEncoderConfig = options.textEncoderConfig ?? await findTextConfig(files, folder);
  return await openOriginal(weights, { ...options, ...found, textEncoderConfig });
}

async function findConfig(
  files: FileSource,
  { folder, stem }: { readonly folder: string; readonly stem: string },
): Promise<{ readonly config: JsonValue; readonly configPath: string } | undefined> {
  const own = [`${stem}.yaml`, `${stem}.yml`];
  for (const path of [...own, `${folder}config.yaml`, `${folder}config.json`]) {
    if (!await files.exists(path)) continue;
    const configPath = `${files.description}/${path}`;
    const size = await files.size(path);
    if (size > LARGEST_CONFIG) {
      throw new ModelError(
        `Cannot use ${configPath}: it has ${size} bytes; ${LARGEST_CONFIG} is the limit`,
      );
    }
    const text = new TextDecoder().decode(await files.read(path));
    const config = parseOriginalText(text, configPath);
    // Many things have a config.json: that of another kind is not meant.
    if (path.endsWith(".json") && vocabularyOf(config) === undefined) continue;
    return { config, configPath };
  }
  return undefined;
}

async function findTextConfig(files: FileSource, folder: string): Promise<JsonValue | undefined> {
  for (const name of TEXT_CONFIGS) {
    const json = await readOptionalJson(files, folder + name);
    if (json !== undefined) return json;
  }
  return undefined;
}
