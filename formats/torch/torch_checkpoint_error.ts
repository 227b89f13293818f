/**
 * The error for files of `torch.save` that cannot be read.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";

/** A torch checkpoint is damaged, truncated, not what it claims to be, or asks for what nothing here does. */
export class TorchCheckpointError extends ModelError {
  /** The name of this class. */
  override name = "TorchCheckpointError";
}

/** Makes the error for a problem of one file: `Cannot read WHERE: PROBLEM`. */
export type Fail = (problem: string, options?: ErrorOptions) => TorchCheckpointError;

/** Speaks of one file in its errors. */
export function failFor(where: string): Fail {
  return (problem, options) =>
    new TorchCheckpointError(`Cannot read ${where}: ${problem}`, options);
}
