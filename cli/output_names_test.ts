import { assertEquals } from "@std/assert";
import { outputNames } from "./output_names.ts";

Deno.test("one file has the name that was asked for", () => {
  assertEquals(outputNames("a.b/out.png", 1), ["a.b/out.png"]);
});

Deno.test("several are numbered before the ending", () => {
  assertEquals(outputNames("a.b/out.x.jpg", 3), [
    "a.b/out.x-0.jpg",
    "a.b/out.x-1.jpg",
    "a.b/out.x-2.jpg",
  ]);
});
