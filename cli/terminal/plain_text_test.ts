import { assertEquals } from "@std/assert";
import { plainText } from "./plain_text.ts";

Deno.test("control characters are shown and not obeyed", () => {
  assertEquals(plainText("\x1b]0;title\x07 \x9b2J\r"), "\\x1b]0;title\\x07 \\x9b2J\\x0d");
});

Deno.test("everything else stays", () => {
  for (const text of ["", "a\n\tb", "ein Kreis über 青い 😀 \\x1b"]) {
    assertEquals(plainText(text), text);
  }
});
