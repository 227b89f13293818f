/**
 * Attention heads, which no weight shows.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";

/** Either every level has so many heads (`num_heads`), or every head is so wide (`num_head_channels`). */
export type Heads = { readonly count: number } | { readonly width: number };

/**
 * Heads of a level.
 *
 * @throws {ModelError} If they do not divide its channels.
 */
export function headCount(heads: Heads, channels: number): number {
  const count = "count" in heads ? heads.count : channels / heads.width;
  if (Number.isInteger(count) && channels % count === 0) return count;
  throw new ModelError(
    `Cannot divide ${channels} channels of attention into ${describeHeads(heads)}: ` +
      "the configuration that belongs to the checkpoint says how many heads there are",
  );
}

/** `8 heads`, `heads of 64 channels` */
export function describeHeads(heads: Heads): string {
  if ("width" in heads) return `heads of ${heads.width} channels`;
  return heads.count === 1 ? "1 head" : `${heads.count} heads`;
}
