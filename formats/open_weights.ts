/**
 * Finds a component's weights among the names under which diffusers and transformers save them.
 *
 * @module
 */
import type { FileSource } from "./file_source.ts";
import { ModelError } from "./model_error.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { openShardedSafetensors } from "./sharded_safetensors.ts";

/** Which weights to open. */
export interface WeightsOptions {
  /** `fp16`: the files `*.fp16.safetensors`. Default: the files without a variant. */
  readonly variant?: string;
}

/** diffusers' name, and transformers'. */
const BASES = ["diffusion_pytorch_model", "model"];
const PICKLES = ["diffusion_pytorch_model.bin", "pytorch_model.bin"];

/**
 * Opens the weights in a component's folder: one safetensors file, or shards with an index.
 *
 * @throws {ModelError} If there are none, naming what was looked for and what is there instead.
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
  for (const base of BASES) {
    const single = withVariant(`${base}.safetensors`, variant);
    if (await files.exists(single)) return await openSafetensors(files, single);
    const index = withVariant(`${base}.safetensors.index.json`, variant);
    if (await files.exists(index)) return await openShardedSafetensors(files, index);
  }
  const wanted = BASES.map((base) => withVariant(`${base}.safetensors`, variant)).join(" or ");
  const fault =
    `Cannot open the weights of ${files.description}: no ${wanted}, with or without shards`;
  for (const pickle of PICKLES.map((name) => withVariant(name, variant))) {
    if (await files.exists(pickle)) {
      throw new PickledWeightsError(
        `${fault}; ${pickle} is there, but pickled weights are not read yet by this version: ` +
          "convert it to safetensors",
      );
    }
  }
  throw new ModelError(fault + await namedVariants(files));
}

/** The only weights that a folder has are pickled, which this version does not read. */
export class PickledWeightsError extends ModelError {
  /** The name of this class. */
  override name = "PickledWeightsError";
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
    const single = /^(?:diffusion_pytorch_)?model\.([\w-]+)\.safetensors$/.exec(name)?.[1];
    const sharded = /^(?:diffusion_pytorch_)?model\.safetensors\.index\.([\w-]+)\.json$/.exec(name)
      ?.[1];
    const found = single ?? sharded;
    if (found !== undefined) variants.add(found);
  }
  if (variants.size > 0) return `; there are variants: ${[...variants].join(", ")}`;
  return "";
}
