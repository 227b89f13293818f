/**
 * The options that say which model is meant.
 *
 * @module
 */
import { locateFile } from "../formats/files.ts";
import type { FileSource, ModelOptions, ModelSource } from "../mod.ts";
import { isOnnxSource } from "../pipelines/model_source.ts";
import type { Arguments } from "./arguments.ts";
import type { Option } from "./command.ts";
import { given } from "./given.ts";
import type { Console } from "./terminal/console.ts";
import { showProgress } from "./terminal/progress.ts";
import { UsageError } from "./usage_error.ts";

/** The options that take parts of a model from elsewhere. */
export const PART_OPTIONS: readonly Option[] = [
  { name: "vae", value: "MODEL", help: "take the autoencoder from another model or folder" },
  { name: "tokenizer", value: "FOLDER", help: "take the tokenizer from a folder or model" },
  { name: "config", value: "FILE", help: "a checkpoint's original .yaml, if it lies elsewhere" },
  { name: "variant", value: "NAME", help: "weights of a variant: fp16 for *.fp16.safetensors" },
];

/** The options as commands declare them, with the model if none is named; null if one has to be. */
export function modelOptions(otherwise: string | null): readonly Option[] {
  const help = "embedded model, folder, checkpoint file or hf:OWNER/NAME";
  return [
    {
      name: "model",
      short: "m",
      value: "MODEL",
      help: otherwise === null ? help : `${help} (default ${otherwise})`,
    },
    ...PART_OPTIONS,
  ];
}

/** A model that was asked for. */
export interface ModelArgument {
  /** Where it is. */
  readonly source: ModelSource;
  /** What is taken from elsewhere. */
  readonly options: Pick<ModelOptions, "parts" | "config" | "variant">;
}

/**
 * Reads the options; of the hub's models it asks for the list of files.
 *
 * @param fallback The model if none is named.
 * @throws {UsageError} If one makes no sense.
 * @throws {FileError} If the hub cannot be asked, or has no such model.
 */
export async function openModelArgument(
  args: Arguments,
  { console, signal, fallback = "shapes" }: {
    readonly console: Console;
    readonly signal: AbortSignal;
    readonly fallback?: string;
  },
): Promise<ModelArgument> {
  const open = (where: string) => openNamed(where, { console, signal });
  const parts: Record<string, ModelSource> = {};
  const source = await open(args.text("model") ?? fallback);
  const vae = args.text("vae");
  if (vae !== undefined) parts.vae = await open(vae);
  const tokenizer = args.text("tokenizer");
  if (tokenizer !== undefined) parts.tokenizer = await open(tokenizer);
  return {
    source,
    options: given({
      parts: Object.keys(parts).length === 0 ? undefined : parts,
      config: args.text("config"),
      variant: args.text("variant"),
    }),
  };
}

/** The backend for a model: `auto` is ONNX Runtime where the networks are ONNX files. */
export async function backendFor(source: ModelSource, choice: string): Promise<string> {
  return choice === "auto" && await isOnnxSource(source) ? "onnxruntime" : choice;
}

/** A model by what a user calls it. */
async function openNamed(
  where: string,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<ModelSource> {
  if (where === "") throw new UsageError("Cannot use an empty name of a model");
  return /^hf:/i.test(where) ? await openHubModel(where, { console, signal }) : where;
}

async function openHubModel(
  id: string,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<FileSource> {
  // Loaded when it is asked for: most models are local.
  const [{ openHub }, { HUB_VARIABLES, hubOptionsFromEnvironment }] = await Promise.all([
    import("../formats/hub/open_hub.ts"),
    import("../formats/hub/hub_environment.ts"),
  ]);
  const env = Object.fromEntries(HUB_VARIABLES.map((name) => [name, readVariable(name)]));
  const { tokenPath, ...options } = hubOptionsFromEnvironment(env);
  const token = options.token ?? await readToken(tokenPath);
  const progress = showProgress(console, { label: "downloading" });
  return await openHub(id, {
    ...options,
    ...given({ token }),
    signal,
    onProgress: ({ loaded, total }) => progress.update(loaded, total),
  });
}

/** A variable that may not be read is one that is not set. */
function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** What `hf auth login` left. */
async function readToken(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const { files, path: name } = locateFile(path);
  if (!await files.exists(name).catch(() => false)) return undefined;
  return new TextDecoder().decode(await files.read(name)).trim() || undefined;
}
