/**
 * Files that are often found where a torch checkpoint should be.
 *
 * @module
 */
import type { Fail } from "./torch_checkpoint_error.ts";

/**
 * Looks at how a file begins.
 *
 * @param first The first 512 bytes, or all if there are fewer.
 * @throws {TorchCheckpointError} If that is not how checkpoints do; it says what else it is, if that is known.
 */
export function checkLookalikes(first: Uint8Array, fail: Fail): void {
  if (first.length === 0) throw fail("it is empty");
  const text = String.fromCharCode(...first);
  const found = BEGINNINGS.find(([beginning]) => text.startsWith(beginning)) ??
    PATTERNS.find(([pattern]) => pattern.test(text));
  if (found !== undefined) throw fail(`it is ${found[1]}`);
  if (!text.startsWith("PK") && text[0] !== PROTOCOL && text[0] !== LONG) {
    throw fail("it begins neither as a zip archive nor as a pickle: it is no torch checkpoint");
  }
}

/** The first instruction of pickles since protocol 2, and that of the magic number before. */
const PROTOCOL = "\x80";
const LONG = "L";

const TAR = "a tar archive as torch 0.1 wrote it, which is not supported";

const BEGINNINGS: readonly (readonly [string, string])[] = [
  ["version https:", "a Git LFS pointer, not the file it points to"],
  ["GGUF", "a GGUF file, which is not supported"],
  ["\x89HDF", "an HDF5 file, which is not supported"],
  ["\x1f\x8b", "compressed by gzip; decompress it first"],
  ["7z\xbc\xaf", "a 7z archive; unpack it first"],
  // The first file of an archive; names are filled up with zeros.
  ["sys_info\0", TAR],
  ["pickle\0", TAR],
  ["storages\0", TAR],
  ["tensors\0", TAR],
];

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^\s*<(!|html|\?)/i, "a web page, not a checkpoint"],
  [/^[^]{8}\{\s*"/, "a safetensors file, whose name should end in .safetensors"],
];
