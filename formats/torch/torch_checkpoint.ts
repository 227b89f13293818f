/**
 * Reads what `torch.save` wrote, tensor by tensor, and runs nothing of it.
 *
 * @module
 */
import { FileError, type FileSource } from "../file_source.ts";
import { display } from "../json.ts";
import { isReadable, type StoredData, toFloat32, viewStored } from "../safetensors_dtype.ts";
import type { SafetensorsFile, SafetensorsTensor } from "../safetensors.ts";
import type { Container, StorageBytes } from "./container.ts";
import { openLegacyCheckpoint } from "./legacy_checkpoint.ts";
import { checkLookalikes } from "./lookalikes.ts";
import { readView } from "./read_view.ts";
import { flattenStateDict, type PlainValue } from "./state_dict.ts";
import { checkView, extentOf, rowsOf, type TensorView } from "./tensor_view.ts";
import { failFor } from "./torch_checkpoint_error.ts";
import { openZipCheckpoint } from "./zip_checkpoint.ts";

export { TorchCheckpointError } from "./torch_checkpoint_error.ts";
export type { PlainValue } from "./state_dict.ts";

/** Named tensors of a torch checkpoint; fits wherever a safetensors file does. */
export interface TorchCheckpoint extends SafetensorsFile {
  /**
   * Every tensor, in the order of the state dict. `start` and `end` are the bytes of its storage that it reaches: several
   * tensors may share them.
   */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Plain values beside the state dict, or in it: `global_step`, `epoch`. */
  readonly extra: ReadonlyMap<string, PlainValue>;
}

/** How a checkpoint is opened. */
export interface TorchCheckpointOptions {
  /** The most bytes of its pickle, which is read whole. Default: 64 MiB; a thousand tensors take about 140 KB. */
  readonly largestPickle?: number;
}

/** A tensor and where its elements are. */
interface Place {
  readonly view: TensorView;
  readonly storage: StorageBytes;
}

/**
 * Opens a checkpoint that `torch.save` wrote: `.ckpt`, `.pt`, `.pth`, `.bin`, in the zip archive of torch 1.6 and later or the
 * container before it. Its pickle is read, and no tensor.
 *
 * Names are the keys of dicts and positions in lists, joined with dots; of a dict with a dict `state_dict` only that counts.
 *
 * Pickles are programs. This one is carried out by a machine that knows no names but those of torch's own functions for
 * tensors, and calls nothing; see `pickle_machine.ts`. Checksums of zip archives are compared where a storage is read whole.
 *
 * @example
 * ```ts
 * import { openFiles } from "../files.ts";
 * import { openTorchCheckpoint } from "./torch_checkpoint.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const files = openFiles(new URL("../../tests/goldens/torch/", import.meta.url));
 * const checkpoint = await openTorchCheckpoint(files, "containers/zip_aliases.pt");
 * assertEquals(checkpoint.tensors.get("first_stage_model.w")?.shape, [3, 4]);
 * assertEquals((await checkpoint.read("tail")).length, 4);
 * ```
 *
 * @throws {TorchCheckpointError} If the file is damaged, something else, or asks for what is not allowed or not supported.
 * @throws {FileError} If it cannot be read.
 */
export async function openTorchCheckpoint(
  files: FileSource,
  path: string,
  options: TorchCheckpointOptions = {},
): Promise<TorchCheckpoint> {
  const { largestPickle = 2 ** 26 } = options;
  const description = `${files.description}/${path}`;
  const fail = failFor(description);
  const fileSize = await files.size(path);
  const first = await files.read(path, 0, Math.min(fileSize, 512));
  checkLookalikes(first, fail);
  const file = { files, path, fileSize, largestPickle, fail };
  const isZip = first[0] === 0x50 && first[1] === 0x4b; // "PK"
  const container = await orShrunk(() =>
    isZip ? openZipCheckpoint(file) : openLegacyCheckpoint(file)
  );
  const { tensors, places, extra } = placeTensors(container, { description });

  /** The file's end may have come nearer since its size was asked for. */
  async function orShrunk<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof FileError) || error.kind !== "short") throw error;
      throw fail("the file has become shorter", { cause: error });
    }
  }

  async function readStored(
    name: string,
    rows?: readonly [number, number],
  ): Promise<StoredData> {
    const where = `${display(name)} of ${description}`;
    const place = places.get(name);
    if (place === undefined) throw new RangeError(`Cannot read ${where}: no such tensor`);
    const { dtype } = tensors.get(name)!;
    if (!isReadable(dtype)) {
      throw failFor(where)(`it is stored as ${dtype}, which is not supported`);
    }
    const view = rows === undefined ? place.view : checkedRows(place.view, { rows, where });
    return viewStored(await orShrunk(() => readView(view, place)), dtype);
  }

  return {
    description,
    tensors,
    metadata: new Map(),
    extra,
    readStored,
    read: async (name, rows) => toFloat32(await readStored(name, rows)),
  };
}

/** Finds the storage of each tensor, and checks that it lies in it. */
function placeTensors(
  container: Container,
  { description }: { readonly description: string },
): {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly places: ReadonlyMap<string, Place>;
  readonly extra: ReadonlyMap<string, PlainValue>;
} {
  const { tensors: found, extra } = flattenStateDict(container.root, failFor(description));
  const tensors = new Map<string, SafetensorsTensor>();
  const places = new Map<string, Place>();
  for (const [name, tensor] of found) {
    const fail = failFor(`${display(name)} of ${description}`);
    const { key } = tensor.storage;
    const storage = container.findStorage(key);
    if (storage === undefined) throw fail(`there is no storage ${display(key)}`);
    const view = checkView(tensor, { bytes: storage, fail });
    places.set(name, { view, storage });
    tensors.set(name, {
      dtype: tensor.dtype,
      stored: tensor.dtype,
      shape: tensor.shape,
      start: view.offset * view.elementSize,
      end: (view.offset + extentOf(view)) * view.elementSize,
    });
  }
  return { tensors, places, extra };
}

function checkedRows(
  view: TensorView,
  { rows, where }: { readonly rows: readonly [number, number]; readonly where: string },
): TensorView {
  const [first, last] = rows;
  const count = view.shape[0];
  const exact = Number.isSafeInteger(first) && Number.isSafeInteger(last);
  if (count === undefined || !exact || first < 0 || last < first || last > count) {
    throw new RangeError(
      `Cannot read rows ${first} to ${last} of ${where}: its shape is [${view.shape.join(", ")}]`,
    );
  }
  return rowsOf(view, rows);
}
