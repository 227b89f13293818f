/**
 * Limits on the predicted picture: clipping, and dynamic thresholding.
 *
 * @module
 */
import { flag, type Key, number } from "./config_keys.ts";
import type { Limit } from "./plan.ts";

/** The keys of clipping. */
export function clipKeys(
  { clip }: { readonly clip: boolean },
): { readonly clip_sample: Key<boolean>; readonly clip_sample_range: Key<number> } {
  return { clip_sample: flag(clip), clip_sample_range: number(1, { least: 0 }) };
}

/** The keys of dynamic thresholding. */
export const thresholdKeys: {
  readonly thresholding: Key<boolean>;
  readonly dynamic_thresholding_ratio: Key<number>;
  readonly sample_max_value: Key<number>;
} = {
  thresholding: flag(false),
  dynamic_thresholding_ratio: number(0.995, { least: 0, most: 1 }),
  sample_max_value: number(1),
};

/** The limit that a configuration puts on the picture: thresholding if it is on, else clipping. */
export function limitOf(config: {
  readonly clip_sample?: boolean;
  readonly clip_sample_range?: number;
  readonly thresholding?: boolean;
  readonly dynamic_thresholding_ratio?: number;
  readonly sample_max_value?: number;
}): { readonly limit?: Limit } {
  if (config.thresholding) {
    const { dynamic_thresholding_ratio: quantile = 0.995, sample_max_value: ceiling = 1 } = config;
    return { limit: { quantile, ceiling } };
  }
  return config.clip_sample ? { limit: { clamp: config.clip_sample_range ?? 1 } } : {};
}
