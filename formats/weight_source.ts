/**
 * What a checkpoint offers, whatever its format.
 *
 * @module
 */

/** A tensor of a checkpoint, before it is read. */
export interface WeightEntry {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** How the file stores it: `F32`, `F16`, … */
  readonly stored: string;
}

/** Named tensors that are read one by one: safetensors files, torch checkpoints, and mapped ones. */
export interface WeightSource {
  /** Where it comes from, for messages. */
  readonly description: string;
  /** Every tensor. */
  readonly tensors: ReadonlyMap<string, WeightEntry>;
  /** Free text beside the tensors. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Plain values beside the tensors of a torch checkpoint: `global_step`, `epoch`. */
  readonly extra?: ReadonlyMap<string, null | boolean | number | bigint | string>;
  /**
   * Reads a tensor as 32-bit floats.
   *
   * @param rows Only these of the first axis: `[start, end)`.
   */
  read(name: string, rows?: readonly [number, number]): Promise<Float32Array<ArrayBuffer>>;
}
