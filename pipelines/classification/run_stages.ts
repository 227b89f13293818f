/**
 * The stages of a classification, batch by batch.
 *
 * @module
 */
import type { Value } from "../../backends/backend.ts";
import type { HostTensorOf } from "../../graph/tensor_spec.ts";
import type { ClassificationEvent, ClassificationOptions } from "../classification_options.ts";
import { checkFinite } from "../image_output.ts";
import type { Column, PromptGroup } from "./error_evaluator.ts";
import { layoutOf, type StageSize } from "./pack.ts";
import type { ClassificationRequest } from "./request.ts";
import { countEvaluations, survivors } from "./stages.ts";
import type { ErrorTable } from "./state.ts";

/** Settings of {@linkcode runStages}. */
export interface RunStagesOptions {
  /** Takes the errors; what it has is not evaluated again. */
  readonly table: ErrorTable;
  /** Encodes prompts that share batches. */
  readonly encode: (prompts: readonly string[]) => Promise<PromptGroup>;
  /** Unit normals, one latent a column. */
  readonly noise: Float32Array;
  /** Rows of a batch. */
  readonly rows: number;
  /** Whether the rows of a batch must share their timestep. */
  readonly oneTimestep: boolean;
  /** Of the states that listeners take. */
  readonly key: string;
  /** Told after each batch. */
  readonly onStep: ClassificationOptions["onStep"];
  /** Ends the work between two batches. */
  readonly signal: ClassificationOptions["signal"];
}

/** How the stages went. */
export interface StagesResult {
  /** The prompt that is left. */
  readonly winner: number;
  /** The stage after which each prompt was left out, from 1. */
  readonly leftAfter: readonly number[];
}

/** A batch that the device works on. */
interface Pending {
  readonly value: Value;
  readonly prompts: readonly number[];
  readonly columns: readonly number[];
  /** Rows of a column. */
  readonly stride: number;
}

/** The evaluations of each stage. */
export function stageSizes(
  { prompts, stages, elimination: { trials } }: ClassificationRequest,
): readonly StageSize[] {
  let remaining = prompts.length;
  return stages.map(({ timesteps, keep }) => {
    const size = { prompts: remaining, columns: timesteps.length * trials };
    remaining = Math.min(remaining, keep);
    return size;
  });
}

/**
 * Fills the table and leaves prompts out, stage by stage. While the device works on a batch the next one is enqueued; each
 * batch's errors are read once.
 *
 * @throws {NonFiniteError} If an error is not finite.
 * @throws The signal's reason, if it is aborted.
 */
export async function runStages(
  request: ClassificationRequest,
  options: RunStagesOptions,
): Promise<StagesResult> {
  const { prompts, labels, stages, elimination: { trials } } = request;
  const { table, key, signal, onStep } = options;
  const steps = countEvaluations(stages, { prompts: prompts.length, trials });
  const leftAfter = prompts.map(() => stages.length);
  let remaining: readonly number[] = prompts.map((_, at) => at);
  let first = 0; // column of the stage
  for (const [stage, { timesteps, keep }] of stages.entries()) {
    const columns = timesteps.flatMap((timestep, at) =>
      Array.from(
        { length: trials },
        (_, trial) => ({ timestep, column: first + at * trials + trial }),
      )
    );
    const compared = new Set(remaining.map((prompt) => prompts[prompt]!.label));
    const remainingLabels = labels.filter((_, label) => compared.has(label));
    const report = async (): Promise<void> => {
      const event: ClassificationEvent = {
        step: table.count,
        steps,
        stage: stage + 1,
        stages: stages.length,
        remaining: remainingLabels,
        state: () => ({ key, seed: request.seed, errors: table.toRows() }),
      };
      await onStep?.(event);
      signal?.throwIfAborted();
    };
    await evaluateStage(request, { ...options, remaining, columns, report });
    first += columns.length;
    const errors = remaining.map((prompt) => table.mean(prompt, first));
    const kept = survivors(remaining, { errors, keep });
    for (const prompt of remaining) if (!kept.includes(prompt)) leftAfter[prompt] = stage + 1;
    remaining = kept;
  }
  return { winner: remaining[0]!, leftAfter };
}

async function evaluateStage(
  { prompts, alphas, latentShape }: ClassificationRequest,
  options: RunStagesOptions & {
    readonly remaining: readonly number[];
    readonly columns: readonly { readonly timestep: number; readonly column: number }[];
    readonly report: () => Promise<void>;
  },
): Promise<void> {
  const { table, encode, noise, rows, oneTimestep, remaining, columns, report, signal } = options;
  if (columns.length === 0) return; // all its timesteps were seen before
  const layout = layoutOf({ prompts: remaining.length, columns: columns.length }, {
    rows,
    oneTimestep,
  });
  const size = latentShape.reduce((product, side) => product * side, 1);
  const columnOf = ({ timestep, column }: (typeof columns)[number]): Column => ({
    timestep,
    alpha: alphas[timestep]!,
    noise: noise.subarray(column * size, (column + 1) * size),
  });
  let pending: Pending | undefined;
  const settle = async (next?: Pending): Promise<void> => {
    const done = pending;
    pending = next;
    if (done === undefined) return;
    using value = done.value;
    take(table, { batch: done, errors: await value.read() as HostTensorOf<"f32"> });
    await report();
  };
  try {
    for (let start = 0; start < remaining.length; start += layout.prompts) {
      const group = remaining.slice(start, start + layout.prompts);
      const missing = columns.filter(({ column }) =>
        group.some((prompt) => !table.has(prompt, column))
      );
      if (missing.length === 0) continue;
      // All groups have one size, so that the text encoder is compiled once a stage.
      const texts = Array.from(
        { length: layout.prompts },
        (_, at) => prompts[group[Math.min(at, group.length - 1)]!]!.text,
      );
      using encoded = await encode(texts);
      for (let from = 0; from < missing.length; from += layout.columns) {
        signal?.throwIfAborted();
        const some = missing.slice(from, from + layout.columns);
        await settle({
          value: encoded.evaluate(some.map(columnOf)),
          prompts: group,
          columns: some.map(({ column }) => column),
          stride: layout.prompts,
        });
      }
    }
    await settle();
  } finally {
    pending?.value[Symbol.dispose]();
  }
}

/** Puts a batch's errors into the table: those of the first column, of the second, … */
function take(
  table: ErrorTable,
  { batch, errors }: { readonly batch: Pending; readonly errors: HostTensorOf<"f32"> },
): void {
  const { data } = checkFinite("the errors of the predicted noise", errors);
  batch.columns.forEach((column, block) =>
    batch.prompts.forEach((prompt, at) =>
      table.set(prompt, column, data[block * batch.stride + at]!)
    )
  );
}
