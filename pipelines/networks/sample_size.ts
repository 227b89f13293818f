/**
 * The size that a network was trained for.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";

/** Height and width. */
export type SampleSize = readonly [height: number, width: number];

/**
 * Reads `sample_size`: a side, or height and width; null if the configuration says neither.
 *
 * @throws {ModelError} If it is something else.
 */
export function readSampleSize(c: ConfigReader): SampleSize | null;
export function readSampleSize(c: ConfigReader, usual: number): SampleSize;
export function readSampleSize(c: ConfigReader, usual?: number): SampleSize | null {
  if (c.isList("sample_size")) {
    const [height, width] = c.integers("sample_size", undefined, { length: 2 });
    return [height!, width!];
  }
  const side = c.nullable.integer("sample_size", usual) ?? usual ?? null;
  return side === null ? null : [side, side];
}
