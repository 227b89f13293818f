/**
 * Reads views of storages.
 *
 * @module
 */
import type { StorageBytes } from "./container.ts";
import { countOf, extentOf, isContiguous, type TensorView } from "./tensor_view.ts";

/** How much of a storage is in memory besides the result, for views whose elements do not lie in order. */
const WINDOW = 2 ** 26;

/**
 * Reads a view's elements in order, little-endian.
 *
 * @param window Bytes that are read at once if the elements do not lie in order.
 * @throws {TorchCheckpointError} If the storage is damaged.
 * @throws {FileError} If it cannot be read.
 */
export async function readView(
  view: TensorView,
  { storage, window = WINDOW }: { readonly storage: StorageBytes; readonly window?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const { elementSize, offset, shape } = view;
  const count = countOf(shape);
  if (count === 0) return new Uint8Array(0);
  let bytes: Uint8Array<ArrayBuffer>;
  if (isContiguous(view)) {
    bytes = await storage.read(offset * elementSize, (offset + count) * elementSize);
  } else {
    bytes = new Uint8Array(count * elementSize);
    const end = offset + extentOf(view);
    const step = Math.max(1, Math.floor(window / elementSize));
    for (let from = offset; from < end; from += step) {
      const to = Math.min(end, from + step);
      const source = await storage.read(from * elementSize, to * elementSize);
      gather(view, { source, from, to, target: bytes });
    }
  }
  if (storage.bigEndian) swapBytes(bytes, elementSize);
  return bytes;
}

/** Copies those elements of a view that lie at `[from, to)` of its storage. */
function gather(
  { elementSize, offset, shape, strides }: TensorView,
  { source, from, to, target }: {
    readonly source: Uint8Array<ArrayBuffer>;
    readonly from: number;
    readonly to: number;
    readonly target: Uint8Array<ArrayBuffer>;
  },
): void {
  const axes = shape.map((size, axis) => ({
    size,
    stride: strides[axis]!,
    // What the axes within this one reach, in the storage and in the result.
    reach: extentOf({ shape: shape.slice(axis + 1), strides: strides.slice(axis + 1) }),
    step: countOf(shape.slice(axis + 1)),
  }));
  const copy = elementCopier(elementSize, source, target);
  const walk = (axis: number, place: number, result: number): void => {
    if (axis === axes.length) {
      copy(place - from, result);
      return;
    }
    const { size, stride, reach, step } = axes[axis]!;
    // Only positions from which something within the window is reached.
    const first = stride === 0 ? 0 : Math.max(0, Math.ceil((from - reach + 1 - place) / stride));
    const last = stride === 0
      ? size - 1
      : Math.min(size - 1, Math.floor((to - 1 - place) / stride));
    for (let i = first; i <= last; i++) walk(axis + 1, place + i * stride, result + i * step);
  };
  walk(0, offset, 0);
}

/** Moves one element; bits only, because a NaN may lose some of its own on the way through a number. */
function elementCopier(
  size: number,
  source: Uint8Array<ArrayBuffer>,
  target: Uint8Array<ArrayBuffer>,
): (from: number, to: number) => void {
  const words = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) =>
    new Int32Array(buffer, byteOffset, byteLength / 4);
  const halves = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) =>
    new Int16Array(buffer, byteOffset, byteLength / 2);
  switch (size) {
    case 2: {
      const [input, output] = [halves(source), halves(target)];
      return (from, to) => void (output[to] = input[from]!);
    }
    case 4: {
      const [input, output] = [words(source), words(target)];
      return (from, to) => void (output[to] = input[from]!);
    }
    case 8: {
      const [input, output] = [words(source), words(target)];
      return (from, to) => {
        output[2 * to] = input[2 * from]!;
        output[2 * to + 1] = input[2 * from + 1]!;
      };
    }
    default:
      return (from, to) => void (target[to] = source[from]!);
  }
}

/** Turns each element around. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    bytes.subarray(start, start + size).reverse();
  }
}
