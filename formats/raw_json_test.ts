import { assertEquals } from "@std/assert";
import { parseJson } from "./json.ts";
import { rawMembers, rawValue, writeRawObject } from "./raw_json.ts";

Deno.test("values stay as they are written", () => {
  const text = String.raw`
    {"a":1.0, "b" : -Infinity,
     "with \\": ",}", "with \"": {"x": [1e-05, {"y,": "]"}], ":": null}, "e\u0301": [] , "__proto__": 1}
  `;
  const members = rawMembers(text);
  assertEquals([...members], [
    ["a", "1.0"],
    ["b", "-Infinity"],
    ["with \\", '",}"'],
    ['with "', '{"x": [1e-05, {"y,": "]"}], ":": null}'],
    ["e\u0301", "[]"],
    ["__proto__", "1"],
  ]);
  // What is written says the same.
  const parse = (json: string) => parseJson(new TextEncoder().encode(json));
  const written = parse(writeRawObject(members));
  assertEquals(written, parse(text));
  assertEquals(Object.keys(Object(written)).sort().length, 6);
});

Deno.test("nothing, and what is put in", () => {
  assertEquals([...rawMembers("{}"), ...rawMembers(" { } ")], []);
  assertEquals(writeRawObject(new Map()), "{\n\n}\n");
  const members = new Map([["b", rawValue(["diffusers", null])], ["a", rawValue("x")]]);
  assertEquals(
    writeRawObject(members),
    '{\n  "a": "x",\n  "b": [\n    "diffusers",\n    null\n  ]\n}\n',
  );
});
