/**
 * Writes safetensors files.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import { display } from "./json.ts";
import { STORED_BITS, type StoredData } from "./safetensors_dtype.ts";
import { SafetensorsError } from "./safetensors_header.ts";

/** A tensor to write: a host tensor, or elements as they are to be stored. */
export type WritableTensor = HostTensor | (StoredData & { readonly shape: readonly number[] });

/**
 * Writes tensors and free text as a safetensors file.
 *
 * The bytes depend on the content only, not on the order in which it is given: larger elements
 * come first, so that each tensor is aligned, then names in order, as the format's own library
 * has it.
 *
 * @example
 * ```ts
 * import { writeSafetensors } from "./write_safetensors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = writeSafetensors(
 *   { x: { dtype: "u8", shape: [2], data: Uint8Array.of(7, 8) } },
 *   { made_by: "hand" },
 * );
 * assertEquals([...bytes.slice(-2)], [7, 8]);
 * ```
 *
 * @throws {SafetensorsError} If a tensor has not as many elements as its shape, or a name cannot
 * be written.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, WritableTensor>> | ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const items = entriesOf(tensors).map(([name, { dtype, shape, data }]) => {
    const fail = (problem: string) =>
      new SafetensorsError(`Cannot write the tensor ${display(name)}: ${problem}`);
    if (name === "__metadata__") throw fail("the name is taken by the format");
    if (!name.isWellFormed()) throw fail("the name is not well-formed Unicode");
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length) {
      throw fail(`[${shape.join(", ")}] has ${count} elements, and ${data.length} are given`);
    }
    const stored = dtype.toUpperCase() as StoredData["dtype"]; // f32 is F32, i32 is I32
    return { name, stored, shape, data };
  }).sort((a, b) => RANK.indexOf(b.stored) - RANK.indexOf(a.stored) || compare(a.name, b.name));

  const header: [string, unknown][] = [];
  const texts = entriesOf(metadata).sort(([a], [b]) => compare(a, b));
  if (texts.length > 0) header.push(["__metadata__", Object.fromEntries(texts)]);
  let end = 0;
  for (const { name, stored, shape, data } of items) {
    const start = end;
    end += data.byteLength;
    header.push([name, { dtype: stored, shape, data_offsets: [start, end] }]);
  }
  // Objects would move names that are whole numbers to the front.
  const members = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  bytes.fill(0x20, 8 + text.length, 8 + length);
  let at = 8 + length;
  for (const { data } of items) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Types in the order of the format's own library: never a smaller element before a larger one. */
const RANK: readonly string[] = Object.keys(STORED_BITS);

function entriesOf<T>(
  record: Readonly<Record<string, T>> | ReadonlyMap<string, T>,
): [string, T][] {
  return record instanceof Map ? [...record] : Object.entries(record);
}

/** By code units, so that the order is the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
