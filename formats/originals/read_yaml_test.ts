import { assertEquals, assertThrows } from "@std/assert";
import { ModelError } from "../model_error.ts";
import { parseOriginalText } from "./original_text.ts";
import { readYaml } from "./read_yaml.ts";

Deno.test("the originals' spellings of values", () => {
  const text =
    "# comment\na: 5.0e-05\nb: False\nc: null\nd:\n- 1\n- 2\ne: [4, 2, 1] # inline\nf: 1e-4\n";
  assertEquals(readYaml(text, "c.yaml"), {
    a: 5e-5,
    b: false,
    c: null,
    d: [1, 2],
    e: [4, 2, 1],
    f: 1e-4,
  });
});

Deno.test("keys of objects' own names are data", () => {
  const value = readYaml("__proto__: {a: 1}\nconstructor: 2", "c.yaml");
  assertEquals(JSON.stringify(value), '{"__proto__":{"a":1},"constructor":2}');
});

const REFUSED: Readonly<Record<string, string>> = {
  "a key twice": "a: 1\na: 2",
  "a class of Python": "a: !!python/object/apply:os.system [ls]",
  "a tag": "a: !mine x",
  "bytes": "a: !!binary aGk=",
  "two documents": "--- a\n--- b",
  "nothing": "",
  "a list for a key": "? [1, 2]\n: b",
  "what holds itself": "a: &x [*x]",
  "brackets without end": "[".repeat(10_000),
  "lists in lists without end": "- ".repeat(10_000),
  "no number": "a: .nan",
  "NUL": "a: \0",
  "too much": `a: ${"b".repeat(70_000)}`,
};

for (const [what, text] of Object.entries(REFUSED)) {
  Deno.test(`YAML with ${what} is refused`, () => {
    assertThrows(() => readYaml(text, "c.yaml"), ModelError, "Cannot use c.yaml");
  });
}

Deno.test("aliases that multiply are refused before they do", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 5; at++) {
    lines.push(`a${at}: &a${at} [${Array(10).fill(`*a${at - 1}`).join(", ")}]`);
  }
  assertThrows(() => readYaml(lines.join("\n"), "c.yaml"), ModelError);
  // Fewer than fifty aliases, and more values than fit: 7 levels of 7.
  const few = ["a0: &a0 [x, x, x, x, x, x, x]"];
  for (let at = 1; at < 8; at++) few.push(`a${at}: &a${at} [${Array(7).fill(`*a${at - 1}`)}]`);
  const start = performance.now();
  assertThrows(() => readYaml(few.join("\n"), "c.yaml"), ModelError);
  assertEquals(performance.now() - start < 2000, true);
});

Deno.test("JSON with comments, as SR3 and Palette have it", () => {
  const text = '{ // the network\n "url": "https://x", "unet": { "a": [1] } // end\n}';
  assertEquals(parseOriginalText(text, "c.json"), { url: "https://x", unet: { a: [1] } });
  assertThrows(() => parseOriginalText('{"a": 1, "a": 2}', "c.json"), ModelError, "twice");
});
