/**
 * Writes safetensors files.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import { display } from "./json.ts";
import type { StoredData } from "./safetensors_dtype.ts";
import { SafetensorsError } from "./safetensors_header.ts";
import { layoutSafetensors } from "./safetensors_layout.ts";

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
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length) {
      throw new SafetensorsError(
        `Cannot write the tensor ${display(name)}: [${
          shape.join(", ")
        }] has ${count} elements, and ${data.length} are given`,
      );
    }
    const stored = dtype.toUpperCase() as StoredData["dtype"]; // f32 is F32, i32 is I32
    return { name, stored, shape, data };
  });
  const { head, places, fileSize } = layoutSafetensors(items, entriesOf(metadata));
  const bytes = new Uint8Array(fileSize);
  bytes.set(head);
  let at = head.length;
  for (const { tensor: { data }, size } of places) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += size;
  }
  return bytes;
}

function entriesOf<T>(
  record: Readonly<Record<string, T>> | ReadonlyMap<string, T>,
): [string, T][] {
  return record instanceof Map ? [...record] : Object.entries(record);
}
