/**
 * Mean and variance.
 *
 * @module
 */

/** Mean and biased variance of `size` numbers from `start`, in two passes, so that a large mean costs no digits. */
export function moments(
  numbers: Float32Array,
  { start, size }: { readonly start: number; readonly size: number },
): { readonly mean: number; readonly variance: number } {
  let sum = 0;
  for (let at = start; at < start + size; at++) sum += numbers[at]!;
  const mean = sum / size;
  let squares = 0;
  for (let at = start; at < start + size; at++) squares += (numbers[at]! - mean) ** 2;
  return { mean, variance: squares / size };
}
