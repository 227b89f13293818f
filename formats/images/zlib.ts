/**
 * zlib streams (RFC 1950) by the platform, with a bound on what comes out.
 *
 * @module
 */
import { ImageError } from "./picture.ts";

/** Deflate yields at most 258 bytes for 2 bits, so no stream grows by more than this factor. */
const MAX_RATIO = 1032;

/** Input goes in slices so that no single step inflates to more than about 16 MiB. */
const SLICE = 1 << 14;

/** Compresses bytes to one zlib stream; the same bytes give the same stream on one platform. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = source([bytes], 1 << 20).pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Inflates one zlib stream given in parts.
 *
 * With `exactly`, the result has that size or it is an error; with `atMost`, any size up to it is right.
 *
 * @throws {ImageError} If the stream is damaged, ends early, or gives another size than allowed.
 */
export async function inflate(
  parts: readonly Uint8Array[],
  size: { readonly exactly: number } | { readonly atMost: number },
): Promise<Uint8Array> {
  const exact = "exactly" in size;
  const limit = exact ? size.exactly : size.atMost;
  const compressed = parts.reduce((sum, part) => sum + part.length, 0);
  // Before memory is taken: a header may promise far more than the data can hold.
  if (exact && limit > compressed * MAX_RATIO) {
    throw new ImageError(`Cannot inflate ${compressed} bytes to ${limit}: the data ends early`);
  }
  const reader = source(parts, SLICE).pipeThrough(new DecompressionStream("deflate")).getReader();
  let result = new Uint8Array(exact ? limit : Math.min(limit, 4 * compressed));
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new ImageError("Cannot inflate the data: it is damaged or ends early", { cause });
    });
    if (done) break;
    const end = filled + value.length;
    if (end > limit) {
      await reader.cancel();
      throw new ImageError(`Cannot inflate the data: it gives more than ${limit} bytes`);
    }
    if (end > result.length) {
      const grown = new Uint8Array(Math.min(limit, 2 * end));
      grown.set(result);
      result = grown;
    }
    result.set(value, filled);
    filled = end;
  }
  if (exact && filled !== limit) {
    throw new ImageError(`Cannot inflate the data: it gives ${filled} bytes, ${limit} are wanted`);
  }
  const inflated = result.subarray(0, filled);
  // Not left to the platform: not all streams notice that their input is truncated.
  if (lastWord(parts) !== adler32(inflated)) {
    throw new ImageError("Cannot inflate the data: it ends early or its checksum is wrong");
  }
  return inflated;
}

/** The last four bytes, where the checksum is: nothing may follow a stream. */
function lastWord(parts: readonly Uint8Array[]): number {
  let word = 0;
  let shift = 0;
  for (let part = parts.length - 1; part >= 0 && shift < 32; part--) {
    for (let i = parts[part]!.length - 1; i >= 0 && shift < 32; i--, shift += 8) {
      word |= parts[part]![i]! << shift;
    }
  }
  return word >>> 0;
}

/** RFC 1950, section 8.2: two sums modulo 65521, taken before they could exceed 2^32. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; start += 5552) {
    const end = Math.min(start + 5552, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return (b << 16 | a) >>> 0;
}

function source(
  parts: readonly Uint8Array[],
  slice: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let part = 0;
  let offset = 0;
  return new ReadableStream({
    pull(controller): void {
      while (part < parts.length && offset >= parts[part]!.length) {
        part++;
        offset = 0;
      }
      if (part === parts.length) return controller.close();
      controller.enqueue(new Uint8Array(parts[part]!.subarray(offset, offset + slice)));
      offset += slice;
    },
  });
}
