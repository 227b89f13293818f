/**
 * The part of a picture that is given: kept at each row's noise level while the rest is made.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { add, mul, reshape, slice, sub } from "../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Level, Row } from "../schedulers/plan.ts";
import { SettingsError } from "./settings.ts";

/** What is known beforehand, and where (masked blending, RePaint). */
export interface KnownRegion {
  /** The clean picture or its latents, of the sample's shape. */
  readonly image: Value | HostTensor;
  /** 1 where it is kept, 0 where it is made, between for a soft edge: the sample's shape, or one channel `[n, 1, h, w]`. */
  readonly mask: Value | HostTensor;
  /** Noise of rows that want the start's: that of image to image. */
  readonly startNoise?: Value | HostTensor | undefined;
  /** Draws noise for rows that want their own. */
  readonly draw?: (() => Float32Array) | undefined;
}

/**
 * The noise that a row puts on the known region; none where its level has none.
 *
 * @throws {SettingsError} If the row wants noise that is not there.
 */
export function knownNoise(
  { noise, draw }: NonNullable<Row["known"]>,
  sources: {
    readonly start: Value | undefined;
    readonly row: () => Value;
    readonly own: (() => Value) | undefined;
  },
): Value | undefined {
  if (noise === 0) return undefined;
  const found = draw === "row" ? sources.row() : draw === "start" ? sources.start : sources.own?.();
  if (found !== undefined) return found;
  throw new SettingsError(
    `Cannot keep a region: the scheduler wants noise of its ${draw}, and none was given`,
  );
}

/** A level as the input `weights` of the graphs here. */
export function levelWeights({ signal, noise }: Level): HostTensor {
  return hostTensor([2], [signal, noise]);
}

/** Traces `weights[0] image + weights[1] noise`, called `sample`. */
export function traceMixture(shape: readonly number[]): Graph {
  const sample = f32(...shape);
  return trace(
    ({ image, noise, weights }) => ({
      sample: add(mul(image, weightAt(weights, 0)), mul(noise, weightAt(weights, 1))),
    }),
    { image: sample, noise: sample, weights: f32(2) },
  );
}

/**
 * Traces `mask (weights[0] image + weights[1] noise) + (1 - mask) sample`, called `sample`; where
 * `noisy` is false there is no such input.
 */
export function traceBlend(
  shape: readonly number[],
  { maskShape, noisy }: { readonly maskShape: readonly number[]; readonly noisy: boolean },
): Graph {
  const sample = f32(...shape);
  const specs = { sample, image: sample, mask: f32(...maskShape), weights: f32(2) };
  return trace<string>((given) => {
    const { image, mask, weights, noise } = given as Record<string, Tensor>;
    const signal = mul(image!, weightAt(weights!, 0));
    const known = noise === undefined ? signal : add(signal, mul(noise, weightAt(weights!, 1)));
    return { sample: add(mul(mask!, known), mul(sub(1, mask!), given.sample!)) };
  }, noisy ? { ...specs, noise: sample } : specs);
}

function weightAt(weights: Tensor, at: number): Tensor {
  return reshape(slice(weights, { axis: 0, start: at, stop: at + 1 }), []);
}
