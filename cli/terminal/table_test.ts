import { assertEquals } from "@std/assert";
import { formatTable } from "./table.ts";

Deno.test("columns are as wide as their widest cell", () => {
  assertEquals(formatTable([["group", "file", "status"], ["rng", "randn_17", "passed"]]), [
    "group  file      status",
    "rng    randn_17  passed",
  ]);
});

Deno.test("rows may be of different lengths, and lines have no spaces at their ends", () => {
  assertEquals(formatTable([["a", "", ""], ["bcd", "e"], []], { indent: 2 }), [
    "  a",
    "  bcd  e",
    "",
  ]);
});

Deno.test("a letter beyond the basic plane is one wide", () => {
  assertEquals(formatTable([["😀", "x"], ["ab", "y"]]), ["😀   x", "ab  y"]);
});

Deno.test("no rows are no lines", () => assertEquals(formatTable([]), []));
