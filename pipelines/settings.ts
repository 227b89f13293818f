/**
 * What a caller of a pipeline may ask for, checked.
 *
 * @module
 */
import { noiseStream } from "./noise_stream.ts";

/** A pipeline was asked for something that it cannot do. */
export class SettingsError extends Error {
  /** The name of this class. */
  override name = "SettingsError";
}

/** A whole number from `min` to `max`. */
export function checkInteger(
  name: string,
  value: number,
  range: { readonly min: number; readonly max: number },
): number {
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    throw new SettingsError(
      `Cannot use ${name} ${value}: it must be a whole number from ${range.min} to ${range.max}`,
    );
  }
  return value;
}

/** A finite number. */
export function checkNumber(name: string, value: number): number {
  if (!Number.isFinite(value)) {
    throw new SettingsError(`Cannot use ${name} ${value}: it must be a finite number`);
  }
  return value;
}

/** Height or width in pixels: a positive multiple of `factor`. */
export function checkSide(name: string, value: number, factor: number): number {
  checkInteger(name, value, { min: factor, max: 16384 });
  if (value % factor !== 0) {
    throw new SettingsError(
      `Cannot use ${name} ${value}: it must be a multiple of ${factor}; ` +
        `${Math.max(factor, Math.floor(value / factor) * factor)} and ${
          Math.ceil(value / factor) * factor
        } are`,
    );
  }
  return value;
}

/** Most pixels of a picture: 8192 x 8192. */
const MAX_PIXELS = 2 ** 26;

/** @throws {SettingsError} If a picture that is to be made has too many pixels. */
export function checkArea(
  { width, height }: { readonly width: number; readonly height: number },
): void {
  if (width * height <= MAX_PIXELS) return;
  throw new SettingsError(
    `Cannot make a picture of ${width} x ${height} pixels: that is ${
      width * height
    }, at most ${MAX_PIXELS} can be made`,
  );
}

/** -1 draws a seed; anything else must be a whole number that a double holds exactly. */
export function chooseSeed(seed: number | undefined, name = "seed"): number {
  if (seed === undefined || seed === -1) return crypto.getRandomValues(new Uint32Array(1))[0]!;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new SettingsError(
      `Cannot use ${name} ${seed}: it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or -1 to draw one`,
    );
  }
  return seed;
}

/**
 * Noise for a batch: one generator for all pictures, as diffusers does with one seed, or one for each.
 *
 * @returns A function that draws unit normals for the whole batch.
 */
export function noiseSource(
  seeds: number | readonly number[],
  shape: readonly number[],
): () => Float32Array<ArrayBuffer> {
  const stream = noiseStream(seeds);
  return () => stream(shape).data as Float32Array<ArrayBuffer>;
}
