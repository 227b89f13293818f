import { assertEquals } from "@std/assert";
import { nameAllocator } from "./names.ts";

Deno.test("a name that is taken gets a number, and what is taken already is not given out", () => {
  const unique = nameAllocator(["x", "y_1"]);
  assertEquals(["x", "y", "y", "x", "y", "z"].map(unique), ["x_1", "y", "y_2", "x_2", "y_3", "z"]);
});
