import { assertEquals } from "@std/assert";
import { opDocs } from "./write_op_docs.ts";

Deno.test("docs/ops.md is what the ops say", async () => {
  assertEquals(await Deno.readTextFile(new URL("../docs/ops.md", import.meta.url)), opDocs());
});
