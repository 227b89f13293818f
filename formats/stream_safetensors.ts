/**
 * Writes safetensors files that do not fit into memory.
 *
 * @module
 */
import { display } from "./json.ts";
import type { StoredData } from "./safetensors_dtype.ts";
import { SafetensorsError } from "./safetensors_header.ts";
import { layoutSafetensors } from "./safetensors_layout.ts";

/** A tensor to write whose elements are made when its turn comes. */
export interface StreamedTensor {
  /** How its elements are stored. */
  readonly stored: StoredData["dtype"];
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Its elements in order, in one piece or more. */
  pieces(): AsyncIterable<StoredData["data"]>;
}

/** A file in pieces. */
export interface SafetensorsStream {
  /** Bytes of the whole file. */
  readonly fileSize: number;
  /** Its bytes in order. They are made as they are asked for, and can be asked for once. */
  readonly pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Writes tensors and free text as a safetensors file, piece by piece: first the header, which names and shapes decide, then
 * tensor after tensor. The bytes are those of `writeSafetensors`.
 *
 * @example
 * ```ts
 * import { streamSafetensors } from "./stream_safetensors.ts";
 * import { assertEquals } from "@std/assert";
 *
 * async function* pieces() {
 *   yield Float32Array.of(1, 2);
 *   yield Float32Array.of(3);
 * }
 * const stream = streamSafetensors(new Map([["x", { stored: "F32", shape: [3], pieces }]]));
 * let size = 0;
 * for await (const bytes of stream.pieces) size += bytes.length;
 * assertEquals(size, stream.fileSize);
 * ```
 *
 * @throws {SafetensorsError} If a name cannot be written; and from `pieces`, if a tensor has not as many elements as its shape.
 */
export function streamSafetensors(
  tensors: ReadonlyMap<string, StreamedTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): SafetensorsStream {
  const items = [...tensors].map(([name, { stored, shape }]) => ({ name, stored, shape }));
  const { head, places, fileSize } = layoutSafetensors(items, metadata);

  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield head;
    for (const { tensor: { name }, size } of places) {
      let written = 0;
      for await (const { buffer, byteOffset, byteLength } of tensors.get(name)!.pieces()) {
        written += byteLength;
        if (written > size) break;
        yield new Uint8Array(buffer, byteOffset, byteLength);
      }
      if (written === size) continue;
      throw new SafetensorsError(
        `Cannot write the tensor ${display(name)}: its shape takes ${size} bytes, and ${
          written > size ? "more" : written
        } are given`,
      );
    }
  }
  return { fileSize, pieces: pieces() };
}
