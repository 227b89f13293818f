/**
 * Finds a component's weights among the names under which diffusers and transformers save them.
 *
 * @module
 */
import type { FileSource } from "./file_source.ts";
import { ModelError } from "./model_error.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { openShardedSafetensors, type ShardFiles } from "./sharded_safetensors.ts";
import { openTorchCheckpoint } from "./torch/torch_checkpoint.ts";

/** Which weights to open. */
export interface WeightsOptions {
  /** `fp16`: the files `*.fp16.safetensors`. Default: the files without a variant. */
  readonly variant?: string;
}

/** diffusers' name, and transformers'. */
const SAFETENSORS = ["diffusion_pytorch_model.safetensors", "model.safetensors"];
/** The same as `torch.save` writes them: taken where there is nothing else. */
const PICKLES = ["diffusion_pytorch_model.bin", "pytorch_model.bin"];

const PICKLED_SHARDS: ShardFiles = {
  ending: ".bin",
  kind: "file of torch.save (.bin)",
  open: openTorchCheckpoint,
};

/**
 * Opens the weights in a component's folder: one file or shards with an index, safetensors or else what `torch.save` wrote.
 *
 * @throws {ModelError} If there are none, naming what was looked for and what is there instead; or if they are damaged.
 * @throws {SafetensorsError} If they are damaged.
 * @throws {FileError} If they cannot be read.
 */
export async function openWeights(
  files: FileSource,
  options: WeightsOptions = {},
): Promise<SafetensorsFile> {
  const { variant } = options;
  if (variant !== undefined && !/^\w[\w-]*$/.test(variant)) {
    throw new ModelError(`Cannot open the variant ${JSON.stringify(variant)}: it is no plain word`);
  }
  const found = await findWeights(files, variant);
  if (found !== undefined) {
    const { path, isPickle, isIndex } = found;
    if (!isIndex) {
      return isPickle ? await openTorchCheckpoint(files, path) : await openSafetensors(files, path);
    }
    return isPickle
      ? await openShardedSafetensors(files, path, PICKLED_SHARDS)
      : await openShardedSafetensors(files, path);
  }
  const wanted = [...SAFETENSORS, ...PICKLES].map((base) => withVariant(base, variant)).join(", ");
  throw new ModelError(
    `Cannot open the weights of ${files.description}: none of ${wanted}, with or without shards` +
      await namedVariants(files),
  );
}

/** A file of weights, or the index of several. */
export interface FoundWeights {
  readonly path: string;
  readonly isPickle: boolean;
  readonly isIndex: boolean;
}

/** The file that is opened for a variant; undefined if there is none. */
export async function findWeights(
  files: FileSource,
  variant: string | undefined,
): Promise<FoundWeights | undefined> {
  for (const base of [...SAFETENSORS, ...PICKLES]) {
    const isPickle = PICKLES.includes(base);
    const single = withVariant(base, variant);
    if (await files.exists(single)) return { path: single, isPickle, isIndex: false };
    const indices = [withVariant(`${base}.index.json`, variant)];
    // As diffusers called it before.
    if (variant !== undefined) indices.push(`${base}.${variant}.index.json`);
    for (const path of indices) {
      if (await files.exists(path)) return { path, isPickle, isIndex: true };
    }
  }
  return undefined;
}

/** `model.fp16.safetensors`, `model.safetensors.index.fp16.json`: before the last part. */
function withVariant(name: string, variant: string | undefined): string {
  if (variant === undefined) return name;
  const dot = name.lastIndexOf(".");
  return `${name.slice(0, dot)}.${variant}${name.slice(dot)}`;
}

/** What a user probably has in that folder. */
async function namedVariants(files: FileSource): Promise<string> {
  const variants = new Set<string>();
  const names = await files.list?.("").catch(() => []) ?? [];
  for (const name of names) {
    const single = /^(?:(?:diffusion_)?pytorch_)?model\.([\w-]+)\.(safetensors|bin)$/.exec(name)
      ?.[1];
    const sharded =
      /^(?:(?:diffusion_)?pytorch_)?model\.(?:safetensors|bin)\.index\.([\w-]+)\.json$/
        .exec(name)?.[1];
    const found = (single ?? sharded)?.replace(/-\d{5}-of-\d{5}$/, "");
    if (found !== undefined) variants.add(found);
  }
  if (variants.size > 0) return `; there are variants: ${[...variants].join(", ")}`;
  return "";
}
