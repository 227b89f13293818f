/**
 * What a safetensors file looks like before its data: which tensor is where.
 *
 * @module
 */
import { display } from "./json.ts";
import { STORED_BITS, type StoredData } from "./safetensors_dtype.ts";
import { SafetensorsError } from "./safetensors_header.ts";

/** A tensor that is to have a place in a file. */
export interface PlacedTensor {
  /** What it is called. */
  readonly name: string;
  /** How its elements are stored. */
  readonly stored: StoredData["dtype"];
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
}

/** A file before its data. */
export interface SafetensorsLayout<T extends PlacedTensor> {
  /** All that stands before the data: the header's length, the header, and spaces up to a multiple of 8. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** The tensors in the file's order, each with the bytes that it takes. */
  readonly places: readonly { readonly tensor: T; readonly size: number }[];
  /** Bytes of the whole file. */
  readonly fileSize: number;
}

/** Types in the order of the format's own library: never a smaller element before a larger one. */
const RANK: readonly string[] = Object.keys(STORED_BITS);

/**
 * Gives tensors their places.
 *
 * They depend on the content only, not on the order in which it is given: larger elements come first, so that each tensor is
 * aligned, then names in order, as the format's own library has it.
 *
 * @throws {SafetensorsError} If a name cannot be written, or a shape is none.
 */
export function layoutSafetensors<T extends PlacedTensor>(
  tensors: readonly T[],
  metadata: Iterable<readonly [string, string]>,
): SafetensorsLayout<T> {
  const sorted = tensors.toSorted((a, b) =>
    RANK.indexOf(b.stored) - RANK.indexOf(a.stored) || compare(a.name, b.name)
  );
  const header: [string, unknown][] = [];
  const texts = [...metadata].sort(([a], [b]) => compare(a, b));
  if (texts.length > 0) header.push(["__metadata__", Object.fromEntries(texts)]);
  let end = 0;
  const places = sorted.map((tensor) => {
    const { name, stored, shape } = tensor;
    const size = sizeInFile(tensor);
    const start = end;
    end += size;
    header.push([name, { dtype: stored, shape, data_offsets: [start, end] }]);
    return { tensor, size };
  });
  // Objects would move names that are whole numbers to the front.
  const members = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + length);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, 8);
  head.fill(0x20, 8 + text.length);
  return { head, places, fileSize: head.length + end };
}

function sizeInFile({ name, stored, shape }: PlacedTensor): number {
  const fail = (problem: string) =>
    new SafetensorsError(`Cannot write the tensor ${display(name)}: ${problem}`);
  if (name === "__metadata__") throw fail("the name is taken by the format");
  if (!name.isWellFormed()) throw fail("the name is not well-formed Unicode");
  const size = shape.reduce((product, each) => product * each, STORED_BITS[stored] / 8);
  const isShape = shape.every((each) => Number.isSafeInteger(each) && each >= 0);
  if (!isShape || !Number.isSafeInteger(size)) {
    throw fail(`[${shape.join(", ")}] is no shape that a file can hold`);
  }
  return size;
}

/** By code units, so that the order is the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
