/**
 * The one loop: a plan's rows, a denoiser, noise.
 *
 * @module
 */
import type { Backend, Program, Value } from "../backends/backend.ts";
import { allocate, type HostTensor, hostTensor, sizeOf } from "../graph/tensor_spec.ts";
import type { Plan, Row } from "../schedulers/plan.ts";
import { rowUpdate } from "./update.ts";

/** Work in flight, in milliseconds, after which a loop with a listener waits for the device. */
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

/** Settings of {@linkcode denoise}. */
export interface DenoiseOptions {
  /** What runs the updates. */
  readonly backend: Backend;
  /** Unit noise of the sample's shape, or the first sample as it is (`raw`). */
  readonly start: HostTensor;
  /** The start is the first sample and not unit noise. */
  readonly raw?: boolean;
  /** The denoiser: enqueues one evaluation. The result is the loop's to dispose. */
  evaluate(sample: Value, row: NonNullable<Row["evaluate"]>): Value;
  /** Draws unit noise of the sample's shape, in the plan's order. */
  draw(): Float32Array;
  /** Compiles an update; programs of equal keys may be shared. */
  compileUpdate(
    key: string,
    build: () => ReturnType<ReturnType<typeof rowUpdate>["graph"]>,
  ): Promise<Program>;
  /** Called after each row, when its work is done. */
  readonly listener?: ((event: DenoiseEvent) => void | Promise<void>) | undefined;
  /** Ends the loop between rows. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a plan; returns the last sample, which is the caller's.
 *
 * Without a listener or signal nothing waits for the device, whatever the plan. With one, the loop waits whenever about
 * 250 ms of work are in flight, so that progress tells the truth and a cancel is heard.
 *
 * @throws The signal's reason, if it is aborted. All values of the loop are freed then.
 */
export async function denoise(plan: Plan, options: DenoiseOptions): Promise<Value> {
  const { backend, start, listener, signal } = options;
  const { shape } = start;
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
  const upload = (data: Float32Array): Value => {
    uploaded += data.byteLength;
    return own(backend.upload(hostTensor(shape, data)));
  };

  let pending: DenoiseEvent[] = [];
  let since = performance.now();
  let pace = 0; // milliseconds a row, from the last wait
  const settle = async (last: boolean): Promise<void> => {
    const due = listening &&
      (last || performance.now() - since >= WINDOW || pending.length * pace >= WINDOW ||
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
    signal?.throwIfAborted();
    since = performance.now();
  };

  try {
    signal?.throwIfAborted();
    const first = start.data as Float32Array;
    let sample = upload(
      options.raw || plan.initialScale === 1 ? first : first.map((x) => x * plan.initialScale),
    );
    const kept = Array.from(
      { length: plan.kept },
      () => upload(allocate("f32", sizeOf(shape))),
    );
    for (const [index, row] of plan.rows.entries()) {
      const noise = Array.from({ length: row.draws }, () => options.draw());
      const output = row.evaluate === undefined
        ? undefined
        : own(options.evaluate(sample, row.evaluate));
      const update = rowUpdate(row);
      const program = await options.compileUpdate(
        `${update.key} ${shape.join()}`,
        () => update.graph(shape),
      );
      const draws = new Map<string, Value>();
      const input = (name: string): Value => {
        if (name === "sample") return sample;
        if (name === "output") return output!;
        const at = Number(name.slice(name.indexOf(".") + 1));
        if (name.startsWith("kept.")) return kept[at]!;
        const drawn = draws.get(name) ?? upload(noise[at]!);
        draws.set(name, drawn);
        return drawn;
      };
      const weights = update.weights.length === 0 ? [0] : update.weights;
      const written = program.run({
        ...Object.fromEntries(update.inputs.map((name) => [name, input(name)])),
        weights: hostTensor([weights.length], weights),
      });
      for (const value of Object.values(written)) own(value);
      for (const value of draws.values()) free(value);
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
