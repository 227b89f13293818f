/**
 * The text encoders of original checkpoints: configuration and key map from names and shapes.
 *
 * @module
 */
import type { ConfigReader } from "../config_reader.ts";
import { ModelError } from "../model_error.ts";
import type { KeyMap } from "./key_map.ts";
import type { NetworkConfig } from "./unet_config.ts";
import type { WeightSource } from "../weight_source.ts";

/** A text encoder: its network, and which of the checkpoint's weights are its. */
export interface OriginalTextEncoder extends NetworkConfig {
  /** With the checkpoint's full names. */
  readonly map: KeyMap;
  /** What was taken for granted because neither weights nor a configuration say it. */
  readonly assumed: readonly string[];
}

/** What a text encoder is read from. */
export interface TextEncoderOptions {
  /** What its names begin with: `cond_stage_model.` */
  readonly prefix: string;
  /** A configuration beside the checkpoint, in the vocabulary of its library. */
  readonly config?: ConfigReader | undefined;
  /** Layers left out at the end, where the original stops early. */
  readonly skip?: number;
}

/** Looks up sizes below a prefix. */
export interface Sizes {
  /** Whether a tensor is there. */
  has(name: string): boolean;
  /** A size of a tensor that has to be there. */
  size(name: string, axis: number): number;
  /** How many numbers in a row have a tensor. */
  count(name: (at: number) => string): number;
}

/** More layers than any text encoder has. */
const MOST_LAYERS = 512;

/** Sizes of the tensors below a prefix. Errors name the text encoder. */
export function sizesOf(source: WeightSource, prefix: string): Sizes {
  const shape = (name: string) => source.tensors.get(prefix + name)?.shape;
  return {
    has: (name) => shape(name) !== undefined,
    size(name, axis) {
      const found = shape(name)?.[axis];
      if (found !== undefined && found > 0) return found;
      throw new ModelError(
        `Cannot use the text encoder in ${source.description}: ${prefix}${name} is missing or of no size`,
      );
    },
    count(name) {
      let at = 0;
      while (at < MOST_LAYERS && shape(name(at)) !== undefined) at++;
      return at;
    },
  };
}

/**
 * A size that a configuration gives beside the checkpoint and that weights show too.
 *
 * @throws {ModelError} If the two differ: the configuration is another model's.
 */
export function checkSize(
  config: ConfigReader,
  key: string,
  { found, fallback }: { readonly found: number; readonly fallback: number },
): void {
  const given = config.integer(key, fallback);
  if (given === found) return;
  throw new ModelError(
    `Cannot use ${config.path} with this checkpoint: ${key} is ${given}, but its weights have ${found}`,
  );
}

/** Heads of 64 channels, which all published text encoders have; null if the width has no such heads. */
export function usualHeads(width: number): number | null {
  return width % 64 === 0 ? width / 64 : null;
}
