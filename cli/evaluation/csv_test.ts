import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../usage_error.ts";
import { formatCsv, parseCsv } from "./csv.ts";

Deno.test("cells may be quoted, hold commas, quotes and lines, and be missing at the end", () => {
  const text =
    '\uFEFFimage,label,more\r\n"a,b.png","say ""hi""\nthere",1\r\n\r\nc.png,dog\n,,x\ne,f,';
  assertEquals(parseCsv(text, "t.csv").rows, [
    { image: "a,b.png", label: 'say "hi"\nthere', more: "1" },
    { image: "c.png", label: "dog", more: "" },
    { image: "", label: "", more: "x" },
    { image: "e", label: "f", more: "" },
  ]);
});

Deno.test("what is written is read back", () => {
  const rows = [["a", "b"], ["1,2", '"'], ["x\ny", "z"]];
  const { columns, rows: read } = parseCsv(formatCsv(rows), "t.csv");
  assertEquals([columns, ...read.map(Object.values)], rows);
});

Deno.test("a broken table is refused", () => {
  for (const text of ["", "a,a\n1,2", "a\n1,2", 'a\n"1', 'a\n1"2"', 'a\n"1"2']) {
    assertThrows(() => parseCsv(text, "t.csv"), UsageError);
  }
});
