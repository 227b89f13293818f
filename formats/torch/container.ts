/**
 * What the two containers of `torch.save` have in common: an object, and bytes that its tensors are views of.
 *
 * @module
 */
import type { FileSource } from "../file_source.ts";
import type { PickleValue } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** An open file. */
export interface Container {
  /** The object that was saved. */
  readonly root: PickleValue;
  /** The storage of a key, if there is one. */
  findStorage(key: string): StorageBytes | undefined;
}

/** One storage of a file. */
export interface StorageBytes {
  /** How many bytes it has. */
  readonly size: number;
  /** Whether its elements have their most significant byte first. */
  readonly bigEndian: boolean;
  /**
   * Reads bytes `[start, end)`.
   *
   * @throws {TorchCheckpointError} If they are damaged.
   * @throws {FileError} If the file cannot be read.
   */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A file to open. */
export interface ContainerFile {
  readonly files: FileSource;
  readonly path: string;
  readonly fileSize: number;
  /** The most bytes of its pickles. */
  readonly largestPickle: number;
  readonly fail: Fail;
}
