/**
 * The one loop: a plan's rows, a denoiser, noise.
 *
 * @module
 */
import type { Backend, Program, Value } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { allocate, type HostTensor, hostTensor, sizeOf } from "../graph/tensor_spec.ts";
import type { Level, Plan, Row } from "../schedulers/plan.ts";
import {
  knownNoise,
  type KnownRegion,
  levelWeights,
  traceBlend,
  traceMixture,
} from "./known_region.ts";
import { rowUpdate } from "./update.ts";

/** Work in flight, in milliseconds, after which a loop with a listener waits for a device where a wait is dear. */
const WINDOW = 250;

/** Bytes of uploads after which the loop waits in any case: they stay allocated until the device is done. */
const UPLOADS = 256e6;

/** What a listener is told after a row. Its values live until the listener's promise is done. */
export interface DenoiseEvent {
  /** The row, from 0. */
  readonly index: number;
  /** The row. */
  readonly row: Row;
  /** The sample that came into the row. */
  readonly before: Value;
  /** The denoiser's output, absent where the row did not evaluate. */
  readonly output: Value | undefined;
  /** The sample that left the row. */
  readonly sample: Value;
}

/** What sampling starts from. */
export type Start =
  /** Unit noise of the sample's shape; the plan says how much of it. */
  | { readonly noise: HostTensor }
  /** The first sample as it is. */
  | { readonly sample: HostTensor }
  /** Image to image: a clean picture or its latents, brought to the level of the plan's start by unit noise. */
  | { readonly image: Value | HostTensor; readonly noise: HostTensor };

/** An evaluation of the denoiser: what the row says of it, and which row it is. */
export type Evaluation = NonNullable<Row["evaluate"]> & { readonly index: number };

/** Settings of {@linkcode denoise}. */
export interface DenoiseOptions {
  /** What runs the updates. */
  readonly backend: Backend;
  /** Where it starts. A value that is given stays the caller's. */
  readonly start: Start;
  /** A region that is known beforehand. */
  readonly known?: KnownRegion | undefined;
  /** The denoiser: enqueues one evaluation. The result is the loop's to dispose. */
  evaluate(sample: Value, evaluation: Evaluation): Value;
  /** Draws unit noise of the sample's shape, in the plan's order. */
  draw(): Float32Array;
  /** Compiles an update; programs of equal keys may be shared. */
  compileUpdate(key: string, build: () => Graph): Promise<Program>;
  /** Called after each row, when its work is done. */
  readonly listener?: ((event: DenoiseEvent) => void | Promise<void>) | undefined;
  /** Ends the loop between rows. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a plan; returns the last sample, which is the caller's.
 *
 * Without a listener or signal nothing waits for the device, whatever the plan. With one, the loop waits after each row, or
 * where that is dear whenever about 250 ms of work are in flight, so that progress tells the truth and a cancel is heard.
 *
 * @throws The signal's reason, if it is aborted. All values of the loop are freed then.
 */
export async function denoise(plan: Plan, options: DenoiseOptions): Promise<Value> {
  const { backend, start, known, listener, signal } = options;
  const { shape } = "sample" in start ? start.sample : start.noise;
  const listening = listener !== undefined || signal !== undefined;
  const owned = new Set<Value>();
  const own = (value: Value): Value => {
    owned.add(value);
    return value;
  };
  const free = (value: Value): void => {
    if (owned.delete(value)) value[Symbol.dispose]();
  };
  let uploaded = 0;
  const upload = (data: Float32Array, sizes = shape): Value => {
    uploaded += data.byteLength;
    return own(backend.upload(hostTensor(sizes, data)));
  };
  /** Given tensors are put on the device once. */
  const place = (given: Value | HostTensor): Value =>
    "read" in given ? given : upload(given.data as Float32Array, given.shape);
  const compile = options.compileUpdate;
  /** `signal image + noise noise` where the mask is 1; without a mask everywhere. */
  const blend = async (
    sample: Value,
    { level, image, mask, noise }: {
      readonly level: Level;
      readonly image: Value;
      readonly mask: Value;
      readonly noise: Value | undefined;
    },
  ): Promise<Value> => {
    const maskShape = mask.spec.shape;
    const noisy = noise !== undefined;
    const program = await compile(
      `blend ${maskShape.join()} ${noisy} ${shape.join()}`,
      () => traceBlend(shape, { maskShape, noisy }),
    );
    const inputs = { sample, image, mask, weights: levelWeights(level) };
    return own(program.run(noisy ? { ...inputs, noise } : inputs).sample!);
  };

  let pending: DenoiseEvent[] = [];
  /** Samples that events in `pending` still show, and the loop needs no more. */
  let replaced: Value[] = [];
  let since = performance.now();
  let pace = 0; // milliseconds a row, from the last wait
  const settle = async (last: boolean): Promise<void> => {
    const due = listening &&
      (last || backend.waitsCheaply || performance.now() - since >= WINDOW ||
        pending.length * pace >= WINDOW ||
        pace === 0);
    if (!due && uploaded < UPLOADS) return;
    await backend.settled();
    uploaded = 0;
    if (!listening) return;
    pace = (performance.now() - since) / Math.max(1, pending.length);
    const reported = pending;
    pending = [];
    for (const event of reported) {
      signal?.throwIfAborted();
      await listener?.(event);
      if (event.before !== event.sample) free(event.before);
      if (event.output !== undefined) free(event.output);
    }
    replaced.forEach(free);
    replaced = [];
    signal?.throwIfAborted();
    since = performance.now();
  };

  try {
    signal?.throwIfAborted();
    let sample: Value;
    if ("image" in start) {
      const image = place(start.image);
      const noise = place(start.noise);
      const program = await compile(`start ${shape.join()}`, () => traceMixture(shape));
      sample = own(program.run({ image, noise, weights: levelWeights(plan.start) }).sample!);
      free(image);
      free(noise);
    } else if ("sample" in start) {
      sample = place(start.sample);
    } else {
      const noise = start.noise.data as Float32Array;
      sample = upload(plan.initialScale === 1 ? noise : noise.map((x) => x * plan.initialScale));
    }
    const region = known && {
      image: place(known.image),
      mask: place(known.mask),
      startNoise: known.startNoise && place(known.startNoise),
    };
    const kept = Array.from(
      { length: plan.kept },
      () => upload(allocate("f32", sizeOf(shape))),
    );
    for (const [index, row] of plan.rows.entries()) {
      const noise = Array.from({ length: row.draws }, () => options.draw());
      const draws = new Map<string, Value>();
      const uploadOnce = (name: string, make: () => Float32Array): Value => {
        const drawn = draws.get(name) ?? upload(make());
        draws.set(name, drawn);
        return drawn;
      };
      /** Puts the known region into a sample, which is given up. */
      const keepRegion = async (made: Value, level: NonNullable<Row["known"]>): Promise<Value> => {
        const { image, mask, startNoise } = region!;
        const blended = await blend(made, {
          level,
          image,
          mask,
          noise: knownNoise(level, {
            start: startNoise,
            row: () => uploadOnce("noise.0", () => noise[0]!),
            own: known?.draw && (() => uploadOnce("own", known.draw!)),
          }),
        });
        if (pending.some(({ sample }) => sample === made)) replaced.push(made);
        else free(made);
        return blended;
      };
      if (region && row.known?.when === "before") sample = await keepRegion(sample, row.known);
      const output = row.evaluate === undefined
        ? undefined
        : own(options.evaluate(sample, { ...row.evaluate, index }));
      const update = rowUpdate(row);
      const program = await compile(`${update.key} ${shape.join()}`, () => update.graph(shape));
      const input = (name: string): Value => {
        if (name === "sample") return sample;
        if (name === "output") return output!;
        const at = Number(name.slice(name.indexOf(".") + 1));
        if (name.startsWith("kept.")) return kept[at]!;
        return uploadOnce(
          name,
          name.startsWith("mixture.")
            ? () => weightedNoise(noise, update.mixtures[at]!)
            : () => noise[at]!,
        );
      };
      const weights = update.weights.length === 0 ? [0] : update.weights;
      const written = program.run({
        ...Object.fromEntries(update.inputs.map((name) => [name, input(name)])),
        weights: hostTensor([weights.length], weights),
      });
      for (const value of Object.values(written)) own(value);
      const before = sample;
      for (const name of update.outputs) {
        const value = written[name]!;
        if (name === "sample") sample = value;
        else {
          const at = Number(name.slice("kept.".length));
          free(kept[at]!);
          kept[at] = value;
        }
      }
      if (region && row.known?.when === "after") sample = await keepRegion(sample, row.known);
      for (const value of draws.values()) free(value);
      if (listening) {
        pending.push({ index, row, before, output, sample });
      } else {
        if (before !== sample) free(before);
        if (output !== undefined) free(output);
      }
      await settle(index === plan.rows.length - 1);
    }
    owned.delete(sample);
    return sample;
  } finally {
    for (const value of owned) value[Symbol.dispose]();
  }
}

/** A weighted sum of draws, in double precision. */
function weightedNoise(
  draws: readonly Float32Array[],
  weights: readonly number[],
): Float32Array<ArrayBuffer> {
  const sum = new Float64Array(draws[0]!.length);
  weights.forEach((weight, k) => {
    if (weight === 0) return;
    const drawn = draws[k]!;
    for (let at = 0; at < sum.length; at++) sum[at]! += weight * drawn[at]!;
  });
  return Float32Array.from(sum);
}
