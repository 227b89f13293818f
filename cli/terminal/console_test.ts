import { assertEquals } from "@std/assert";
import { makeConsole } from "./console.ts";

/** A console that keeps what it is given, in order. */
function recorded(isTerminal: boolean) {
  const written: string[] = [];
  const console = makeConsole({
    writeOut: (text) => written.push(`out ${text}`),
    writeError: (text) => written.push(`err ${text}`),
    isTerminal,
    hasColour: false,
    columns: () => 80,
  });
  return { console, written };
}

Deno.test("results go to stdout, notes to stderr", () => {
  const { console, written } = recorded(false);
  console.print("a");
  console.note("b");
  assertEquals(written, ["out a\n", "err b\n"]);
});

Deno.test("without a terminal there is no status line", () => {
  const { console, written } = recorded(false);
  console.status("half");
  console.status("");
  assertEquals(written, []);
});

Deno.test("the status line makes way for lines and comes back under them", () => {
  const { console, written } = recorded(true);
  console.status("half");
  console.status("half");
  console.note("b");
  console.print("a");
  console.status("");
  const show = "err \r\x1b[Khalf";
  const hide = "err \r\x1b[K";
  assertEquals(written, [show, hide, "err b\n", show, hide, "out a\n", show, hide]);
});
