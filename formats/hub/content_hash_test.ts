import { assertEquals } from "@std/assert";
import { contentHash } from "./content_hash.ts";

const HELLO = new TextEncoder().encode("hello\n");

Deno.test("a small file's hash is git's", async () => {
  // `printf 'hello\n' | git hash-object --stdin`
  const blobId = "ce013625030ba8dba906f756967f9e9ca394464a";
  const hash = await contentHash({ path: "a", size: 6, blobId });
  for (const byte of HELLO) hash.update(Uint8Array.of(byte));
  assertEquals([hash.digest(), hash.wanted], [blobId, blobId]);
});

Deno.test("a large file's hash is SHA-256", async () => {
  // `printf 'hello\n' | sha256sum`
  const sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  const hash = await contentHash({ path: "a", size: 6, blobId: "", sha256 });
  hash.update(HELLO.subarray(0, 2));
  hash.update(HELLO.subarray(2));
  assertEquals([hash.digest(), hash.wanted], [sha256, sha256]);
});
