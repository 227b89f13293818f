/**
 * Prompts and timesteps to batches of the denoiser.
 *
 * @module
 */

/** How a stage's evaluations are laid out: each batch has some prompts at some columns, each with each. */
export interface Layout {
  /** Prompts of a batch. */
  readonly prompts: number;
  /** Columns (a timestep and its noise) of a batch. */
  readonly columns: number;
  /** How many batches that takes. */
  readonly batches: number;
}

/** Evaluations of a stage. */
export interface StageSize {
  /** Prompts that are compared. */
  readonly prompts: number;
  /** Timesteps times trials. */
  readonly columns: number;
}

/**
 * The layout with the fewest batches of at most so many rows. Prompts of a batch stay together while its columns pass, so that
 * what depends on the text alone is computed once for them; of equal layouts that with most prompts wins.
 *
 * @param rows Rows of a batch.
 * @param oneTimestep Whether all rows must share their timestep; then a batch has one column.
 */
export function layoutOf(
  { prompts, columns }: StageSize,
  { rows, oneTimestep = false }: { readonly rows: number; readonly oneTimestep?: boolean },
): Layout {
  let best: Layout | undefined;
  for (let group = Math.min(prompts, rows); group >= 1; group--) {
    const wide = oneTimestep ? 1 : Math.max(1, Math.floor(rows / group));
    const batches = Math.ceil(prompts / group) * Math.ceil(columns / wide);
    if (best === undefined || batches < best.batches) {
      best = { prompts: group, columns: wide, batches };
    }
  }
  return best!;
}

/**
 * How many rows batches should have, at most `most`: one number for all stages, so that the denoiser is compiled once. Rows
 * that stay empty cost as much as others; a batch costs about one row beside its rows.
 */
export function chooseRows(
  stages: readonly StageSize[],
  { most, oneTimestep = false }: { readonly most: number; readonly oneTimestep?: boolean },
): number {
  let best = { rows: 1, cost: Infinity };
  for (let rows = most; rows >= 1; rows--) {
    const cost = stages.reduce(
      (sum, stage) => sum + layoutOf(stage, { rows, oneTimestep }).batches * (rows + 1),
      0,
    );
    if (cost < best.cost) best = { rows, cost };
  }
  return best.rows;
}
