/**
 * Golden checkpoints in every container that `torch.save` has had.
 *
 * @module
 */
import type { FileSource } from "../formats/file_source.ts";
import { isObject } from "../formats/json.ts";
import { readJson } from "../formats/read_json.ts";
import { openSafetensors, type SafetensorsFile } from "../formats/safetensors.ts";
import { openTorchCheckpoint, TorchCheckpointError } from "../formats/torch/torch_checkpoint.ts";
import type { Comparison } from "./comparison.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** A checkpoint, and what is in it. */
export interface ContainerCase {
  /** The checkpoint. */
  readonly file: string;
  /** A safetensors file with the tensors that it has. */
  readonly truth: string;
  /** Whether a reader may refuse it. */
  readonly optional: boolean;
}

/**
 * The cases that the index of a folder of containers lists.
 *
 * @param folder The files of `originals/containers`.
 * @throws {TypeError} If the index is not a list of cases.
 * @throws {ModelError} If there is no index, or it is not JSON.
 */
export async function listContainerCases(folder: FileSource): Promise<readonly ContainerCase[]> {
  const index = await readJson(folder, "index.json");
  if (!Array.isArray(index)) throw new TypeError("Cannot list containers: the index is no list");
  return index.map((entry) => {
    const { file, truth, optional } = isObject(entry) ? entry : {};
    if (typeof file !== "string" || typeof truth !== "string") {
      throw new TypeError("Cannot list containers: the index has an entry without file or truth");
    }
    return { file, truth, optional: optional === true };
  });
}

/**
 * Reads a checkpoint and its truth. Names, types and sizes have to be the same, and every bit: the bound is 0.
 *
 * @param folder The files of `originals/containers`.
 * @returns The bytes of each tensor.
 * @throws {UnsupportedCaseError} If the checkpoint is refused, and may be.
 * @throws {TorchCheckpointError} If it is refused and may not be.
 * @throws {TypeError} If a tensor is missing, one is too many, or has another type or size.
 */
export async function runContainerCase(
  folder: FileSource,
  { file, truth, optional }: ContainerCase,
): Promise<readonly Comparison[]> {
  const expected = await openSafetensors(folder, truth);
  const actual = await openTorchCheckpoint(folder, file).catch((error: unknown) => {
    if (!optional || !(error instanceof TorchCheckpointError)) throw error;
    throw new UnsupportedCaseError(error.message);
  });
  const listings = [listing(actual), listing(expected)];
  const [unlike] = listings[0]!.filter((line) => !listings[1]!.includes(line))
    .concat(listings[1]!.filter((line) => !listings[0]!.includes(line)));
  if (unlike !== undefined) {
    throw new TypeError(`Cannot compare ${file} with ${truth}: only one of them has ${unlike}`);
  }
  return await Promise.all([...expected.tensors.keys()].map(async (name) => ({
    name,
    actual: await bytesOf(actual, name),
    expected: await bytesOf(expected, name),
    bound: 0,
  })));
}

function listing({ tensors }: SafetensorsFile): readonly string[] {
  return [...tensors].map(([name, { dtype, shape }]) => `${name}: ${dtype} [${shape.join(", ")}]`);
}

async function bytesOf(file: SafetensorsFile, name: string): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = (await file.readStored(name)).data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
