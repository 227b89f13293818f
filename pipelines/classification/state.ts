/**
 * An evaluation that is under way, as data that can be stored.
 *
 * @module
 */
import { crc32 } from "../../formats/torch/crc32.ts";
import { SettingsError } from "../settings.ts";

/** What is known so far of a picture: give it back as `resume` with the same picture and settings to go on. It is JSON. */
export interface ClassificationState {
  /** A digest of the picture and all settings that errors depend on. */
  readonly key: string;
  /** The seed, so that a drawn one is kept. */
  readonly seed: number;
  /**
   * Errors by prompt and evaluation, in the order of evaluation: `stages`' timesteps, at each its trials. Null where there is
   * none yet.
   */
  readonly errors: readonly (readonly (number | null)[])[];
}

/** Errors of every prompt at every column; NaN where there is none yet. */
export class ErrorTable {
  /** Prompts. */
  readonly prompts: number;
  /** Evaluations of a prompt that is never left out. */
  readonly columns: number;
  readonly #errors: Float32Array;
  #count = 0;

  /** Empty. */
  constructor(prompts: number, columns: number) {
    this.prompts = prompts;
    this.columns = columns;
    this.#errors = new Float32Array(prompts * columns).fill(NaN);
  }

  /** How many errors there are. */
  get count(): number {
    return this.#count;
  }

  /** Whether there is an error. */
  has(prompt: number, column: number): boolean {
    return !Number.isNaN(this.#errors[prompt * this.columns + column]!);
  }

  /** Puts an error in, once. */
  set(prompt: number, column: number, error: number): void {
    if (!this.has(prompt, column)) this.#count++;
    this.#errors[prompt * this.columns + column] = error;
  }

  /** The errors of a prompt's first columns. */
  row(prompt: number, columns = this.columns): Float32Array {
    const start = prompt * this.columns;
    return this.#errors.slice(start, start + columns);
  }

  /** The mean of a prompt's first columns, summed in double precision. */
  mean(prompt: number, columns: number): number {
    return this.row(prompt, columns).reduce((sum, error) => sum + error, 0) / columns;
  }

  /** For {@linkcode ClassificationState}. */
  toRows(): (number | null)[][] {
    return Array.from(
      { length: this.prompts },
      (_, prompt) => Array.from(this.row(prompt), (error) => Number.isNaN(error) ? null : error),
    );
  }
}

/**
 * Fills a table from a state.
 *
 * @throws {SettingsError} If the state belongs to another picture or other settings, or is damaged.
 */
export function restoreTable(
  table: ErrorTable,
  { state, key }: { readonly state: ClassificationState; readonly key: string },
): void {
  if (state.key !== key) {
    throw new SettingsError(
      "Cannot resume: the state is of another picture, model or other settings",
    );
  }
  if (!isErrors(state.errors, table)) {
    throw new SettingsError("Cannot resume: the state is damaged");
  }
  for (const [prompt, row] of state.errors.entries()) {
    for (const [column, error] of row.entries()) {
      if (error !== null) table.set(prompt, column, error);
    }
  }
}

/** What was stored may be anything. */
function isErrors(errors: unknown, { prompts, columns }: ErrorTable): boolean {
  return Array.isArray(errors) && errors.length === prompts &&
    errors.every((row) =>
      Array.isArray(row) && row.length === columns &&
      row.every((error) => error === null || (typeof error === "number" && Number.isFinite(error)))
    );
}

/** A digest of texts and numbers, against mistakes: their lengths and checksums. */
export function digest(parts: readonly (string | Float32Array<ArrayBuffer>)[]): string {
  return parts.map((part) => {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    return `${bytes.length.toString(36)}.${crc32(bytes).toString(16).padStart(8, "0")}`;
  }).join("-");
}
