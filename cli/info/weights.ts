/**
 * What weights are, as far as the headers of their files tell.
 *
 * @module
 */
import { isStoredDType, STORED_BITS } from "../../formats/safetensors_dtype.ts";
import type { WeightSource } from "../../mod.ts";

/** Weights in numbers. */
export interface WeightsSummary {
  /** Numbers in all tensors. */
  readonly parameters: number;
  /** How they are stored: `F16`, or `F32, I64`. */
  readonly stored: string;
  /** Bytes that they take in the file. */
  readonly bytes: number;
}

/** Sums up weights; reads no tensor. */
export function summarizeWeights({ tensors }: Pick<WeightSource, "tensors">): WeightsSummary {
  const types = new Set<string>();
  let parameters = 0;
  let bytes = 0;
  for (const { shape, stored } of tensors.values()) {
    const count = shape.reduce((product, size) => product * size, 1);
    types.add(stored);
    parameters += count;
    bytes += Math.ceil(count * (isStoredDType(stored) ? STORED_BITS[stored] : 32) / 8);
  }
  return { parameters, stored: [...types].join(", "), bytes };
}

/** A number of bytes for people: `4.3 GB`. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, at] = [bytes, 0];
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return at === 0 ? `${bytes} bytes` : `${value.toPrecision(value < 9.95 ? 2 : 3)} ${units[at]}`;
}
