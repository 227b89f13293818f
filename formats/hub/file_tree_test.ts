import { assertEquals } from "@std/assert";
import { decodeFileTree, encodeFileTree } from "./file_tree.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const HASH = "0".repeat(40);
const SHA256 = "1".repeat(64);

Deno.test("the form is huggingface_hub's", () => {
  const files = [
    { path: "b", size: 7, blobId: HASH, sha256: SHA256, xetHash: "2".repeat(64) },
    { path: "__proto__", size: 0, blobId: HASH },
  ];
  const bytes = encodeFileTree(files);
  // As `_tree_cache.py` of its version 2.0 writes it.
  const text = `{
 "format_version": 1,
 "files": {
  "__proto__": {
   "size": 0,
   "blob_id": "${HASH}"
  },
  "b": {
   "size": 7,
   "blob_id": "${HASH}",
   "lfs_sha256": "${SHA256}",
   "lfs_size": 7,
   "xet_hash": "${"2".repeat(64)}"
  }
 }
}`;
  assertEquals(new TextDecoder().decode(bytes), text);
  assertEquals(decodeFileTree(bytes), files.toReversed());
});

Deno.test("what is not understood is as good as not there", () => {
  const file = { size: 1, blob_id: HASH };
  const tree = (files: unknown, format_version: unknown = 1) => encode({ format_version, files });
  assertEquals(decodeFileTree(tree({ a: file }))?.length, 1);
  for (
    const bytes of [
      encode(null),
      encode([]),
      tree({ a: file }, 2),
      tree([file]),
      tree({ a: 7 }),
      tree({ a: { ...file, size: "1" } }),
      tree({ a: { ...file, blob_id: "../x" } }),
      tree({ a: { ...file, lfs_sha256: SHA256 } }),
      tree({ "../a": file }),
      tree({ a: file }).subarray(1),
      Uint8Array.of(0xff),
    ]
  ) assertEquals(decodeFileTree(bytes), undefined);
});
