/**
 * Reads safetensors files tensor by tensor.
 *
 * @module
 */
import { FileError, type FileSource } from "./file_source.ts";
import { display } from "./json.ts";
import {
  isReadable,
  STORED_BITS,
  type StoredData,
  type StoredDType,
  toFloat32,
  viewStored,
} from "./safetensors_dtype.ts";
import {
  parseSafetensorsHeader,
  readHeaderLength,
  type SafetensorsEntry,
  SafetensorsError,
} from "./safetensors_header.ts";

export { type SafetensorsEntry, SafetensorsError } from "./safetensors_header.ts";
export type { StoredData, StoredDType } from "./safetensors_dtype.ts";

/** A tensor of a checkpoint, before it is read. */
export interface SafetensorsTensor extends SafetensorsEntry {
  /** The same as `dtype`: what a backend's parameter source calls it. */
  readonly stored: StoredDType;
}

/** Named tensors that are read one by one; fits wherever a backend takes a parameter source. */
export interface SafetensorsFile {
  /** Which file, for messages. */
  readonly description: string;
  /** Every tensor, in the file's order. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Free text by key. */
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * Reads a tensor as 32-bit floats: halves, brain floats, 8-bit floats and small integers exactly,
   * 64-bit floats and larger integers rounded to nearest, booleans as 0 and 1.
   *
   * @param rows Only these of the first axis: `[start, end)`.
   * @throws {RangeError} If there is no such tensor or it has no such rows.
   * @throws {SafetensorsError} If nothing here computes with its type, or the file has become
   * shorter.
   * @throws {FileError} If the file cannot be read.
   */
  read(name: string, rows?: readonly [number, number]): Promise<Float32Array<ArrayBuffer>>;
  /** Reads a tensor's elements as they are stored; throws as `read` does. */
  readStored(name: string, rows?: readonly [number, number]): Promise<StoredData>;
}

/**
 * Opens a safetensors file: reads and checks its header, and no tensor.
 *
 * @example
 * ```ts
 * import { memoryFiles } from "./file_source.ts";
 * import { openSafetensors } from "./safetensors.ts";
 * import { writeSafetensors } from "./write_safetensors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = writeSafetensors({
 *   weight: { dtype: "f32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
 * });
 * const files = memoryFiles(new Map([["a.safetensors", bytes]]));
 * const file = await openSafetensors(files, "a.safetensors");
 * assertEquals(file.tensors.get("weight")?.shape, [2, 2]);
 * assertEquals([...await file.read("weight", [1, 2])], [3, 4]);
 * ```
 *
 * @throws {SafetensorsError} If the file is damaged, truncated or something else.
 * @throws {FileError} If it cannot be read.
 */
export async function openSafetensors(files: FileSource, path: string): Promise<SafetensorsFile> {
  const description = `${files.description}/${path}`;
  const fileSize = await files.size(path);
  const first = await files.read(path, 0, Math.min(8, fileSize));
  const length = readHeaderLength(first, { fileSize, where: description });
  const dataStart = 8 + length;
  const header = parseSafetensorsHeader(await files.read(path, 8, dataStart), {
    dataSize: fileSize - dataStart,
    where: description,
  });
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of header.tensors) tensors.set(name, { ...entry, stored: entry.dtype });

  async function readStored(
    name: string,
    rows?: readonly [number, number],
  ): Promise<StoredData> {
    const entry = tensors.get(name);
    if (entry === undefined) {
      throw new RangeError(`Cannot read ${display(name)} of ${description}: no such tensor`);
    }
    const { dtype } = entry;
    if (!isReadable(dtype)) {
      throw new SafetensorsError(
        `Cannot read ${display(name)} of ${description}: it is stored as ${dtype}, ` +
          "which is not supported",
      );
    }
    const [start, end] = byteRange(entry, { name, rows, description });
    try {
      return viewStored(await files.read(path, dataStart + start, dataStart + end), dtype);
    } catch (error) {
      if (!(error instanceof FileError) || error.kind !== "short") throw error;
      throw new SafetensorsError(
        `Cannot read ${display(name)} of ${description}: the file has become shorter`,
        { cause: error },
      );
    }
  }

  return {
    description,
    tensors,
    metadata: header.metadata,
    readStored,
    read: async (name, rows) => toFloat32(await readStored(name, rows)),
  };
}

/** Bytes of some rows. A tensor of `[3, 4]` has 3 rows. */
function byteRange(
  { dtype, shape, start, end }: SafetensorsEntry,
  { name, rows, description }: {
    readonly name: string;
    readonly rows: readonly [number, number] | undefined;
    readonly description: string;
  },
): [number, number] {
  if (rows === undefined) return [start, end];
  const [first, last] = rows;
  const count = shape[0];
  const exact = Number.isSafeInteger(first) && Number.isSafeInteger(last);
  if (count === undefined || !exact || first < 0 || last < first || last > count) {
    throw new RangeError(
      `Cannot read rows ${first} to ${last} of ${display(name)} of ${description}: ` +
        `its shape is [${shape.join(", ")}]`,
    );
  }
  const bytesPerRow = shape.slice(1).reduce((product, size) => product * size, 1) *
    STORED_BITS[dtype] / 8;
  return [start + first * bytesPerRow, start + last * bytesPerRow];
}
