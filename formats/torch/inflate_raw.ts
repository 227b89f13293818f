/**
 * Raw deflate streams (RFC 1951) by the platform, with a bound on what comes out.
 *
 * @module
 */
import type { Fail } from "./torch_checkpoint_error.ts";

/** Input goes in slices: deflate grows by 1032 at most, so no step makes more than about 16 MiB. */
const SLICE = 1 << 14;

/**
 * Inflates a stream to exactly `size` bytes.
 *
 * Memory grows with what comes out, never by what was promised.
 *
 * @throws {TorchCheckpointError} If the stream is damaged or gives another number of bytes.
 */
export async function inflateRaw(
  compressed: Uint8Array<ArrayBuffer>,
  { size, fail }: { readonly size: number; readonly fail: Fail },
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = slices(compressed).pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let result = new Uint8Array(Math.min(size, 4 * compressed.length));
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw fail("is damaged, or its compressed data end early", { cause });
    });
    if (done) break;
    const end = filled + value.length;
    if (end > size) {
      await reader.cancel();
      throw fail(`is compressed and gives more than ${size} bytes`);
    }
    if (end > result.length) {
      const grown = new Uint8Array(Math.min(size, 2 * end));
      grown.set(result);
      result = grown;
    }
    result.set(value, filled);
    filled = end;
  }
  if (filled !== size) throw fail(`is compressed and gives ${filled} bytes, not ${size}`);
  return result;
}

function slices(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller): void {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + SLICE));
      at += SLICE;
    },
  });
}
