/**
 * Views of storages: whether they fit, and their elements in order.
 *
 * @module
 */
import { STORED_BITS } from "../safetensors_dtype.ts";
import type { StorageBytes } from "./container.ts";
import type { PickleTensor } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** A view that fits its storage. */
export interface TensorView {
  /** Bytes of an element. */
  readonly elementSize: number;
  /** Its first element, counted from the storage's start. */
  readonly offset: number;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** For each axis the distance of neighbours, in elements. */
  readonly strides: readonly number[];
}

/**
 * A view may have more bytes than its storage, by strides of 0; but not more than this besides. A few bytes of a file would
 * otherwise ask for any amount of memory.
 */
const LARGEST_EXPANSION = 2 ** 24;

/**
 * Checks that a tensor lies in its storage.
 *
 * @throws {TorchCheckpointError} If it does not, or would be much larger.
 */
export function checkView(
  tensor: PickleTensor,
  { bytes, fail }: { readonly bytes: StorageBytes; readonly fail: Fail },
): TensorView {
  const { storage, dtype, shape, strides } = tensor;
  const elementSize = STORED_BITS[dtype] / 8;
  const unit = storage.dtype === null ? 1 : elementSize;
  if (storage.elements * unit !== bytes.size) {
    throw fail(
      `storage ${storage.key} would have ${storage.elements * unit} bytes, and has ${bytes.size}`,
    );
  }
  const whole = Math.floor(bytes.size / elementSize);
  const { start, elements } = storage.part ?? { start: 0, elements: whole };
  // Of a tensor without elements torch keeps whatever offset slicing gave it.
  if (shape.includes(0)) return { elementSize, offset: 0, shape, strides };
  const view = { elementSize, offset: start + tensor.offset, shape, strides };
  const reached = tensor.offset + extentOf(view);
  if (reached > elements) {
    throw fail(`it reaches to element ${reached} of storage ${storage.key}, which has ${elements}`);
  }
  const size = countOf(shape) * elementSize;
  if (size > Math.max(bytes.size, LARGEST_EXPANSION)) {
    throw fail(`its shape [${shape.join(", ")}] has ${size} bytes, and its storage ${bytes.size}`);
  }
  return view;
}

/** How many elements a shape has; infinite or rounded where it is absurd. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** From a view's first element to the one behind its last, in elements of the storage. */
export function extentOf({ shape, strides }: Pick<TensorView, "shape" | "strides">): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 1);
}

/** Some rows of the first axis. */
export function rowsOf(view: TensorView, [first, last]: readonly [number, number]): TensorView {
  const [, ...inner] = view.shape;
  return {
    ...view,
    offset: view.offset + first * view.strides[0]!,
    shape: [last - first, ...inner],
  };
}

/** Whether the elements lie in order, without gaps. Axes of one element may have any stride. */
export function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
