import { assertEquals, assertThrows } from "@std/assert";
import { display, JsonError, parseJson } from "./json.ts";

const parse = (text: string) => parseJson(new TextEncoder().encode(text));

Deno.test("parseJson returns what JSON.parse does", () => {
  for (
    const text of [
      "null",
      "[1, 2.5e3, true]",
      ' {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]} ',
      '{"\\"a\\": ": 1, "": "x:\\\\", "\\u0061": "{[\\""}',
      '{"__proto__": {"polluted": true}, "constructor": 1}',
      '{"a":"b","b":"a" , "c" : "a"}',
    ]
  ) {
    const value = parse(text);
    assertEquals(JSON.stringify(value), JSON.stringify(JSON.parse(text)));
  }
  assertEquals("polluted" in {}, false);
});

Deno.test("parseJson refuses a key that is twice in one object", () => {
  assertThrows(() => parse('{"a": 1, "b": 2, "a": 1}'), JsonError, 'key "a" twice');
  assertThrows(() => parse('{"x": [{"a": 1, "\\u0061": 2}]}'), JsonError, 'key "a" twice');
  assertThrows(() => parse('{"__proto__": 1, "__proto__": 2}'), JsonError, "twice");
});

Deno.test("parseJson refuses what is not JSON, not UTF-8, or bottomless", () => {
  assertThrows(() => parse(""), JsonError, "not JSON");
  assertThrows(() => parse('{"a": NaN}'), JsonError, "not JSON");
  assertThrows(() => parse('\ufeff{"a": 1}'), JsonError, "byte order mark");
  assertThrows(() => parse('{"a": 1,}'), JsonError, "not JSON");
  assertThrows(() => parseJson(new Uint8Array([0x22, 0xff, 0x22])), JsonError, "UTF-8");
  assertThrows(() => parse("[".repeat(100_000) + "]".repeat(100_000)), JsonError);
  assertThrows(() => parse("[".repeat(65) + "]".repeat(65)), JsonError, "64 levels");
  assertEquals(JSON.stringify(parse("[".repeat(64) + "]".repeat(64))).length, 128);
});

Deno.test("parseJson reads Python's infinities, and no other word as one", () => {
  const text = '{"a": Infinity, "b": [-Infinity, 1], "c \\\\": "\\"Infinity", "Infinity": 2}';
  assertEquals(parse(text), {
    a: Infinity,
    b: [-Infinity, 1],
    "c \\": '"Infinity',
    Infinity: 2,
  });
  for (const word of ["1Infinity", "Infinity2", "Infinity.5", ".Infinity", "Infinit", "NaN"]) {
    assertThrows(() => parse(`{"a": ${word}}`), JsonError, "not JSON");
  }
  assertThrows(() => parse('{"a": "Infinity'), JsonError, "not JSON");
  const escapes = "\\n".repeat(10_000_000);
  assertThrows(() => parse(`{"Infinity": "${escapes}`), JsonError, "not JSON: Unterminated");
  assertEquals(parse(`{"Infinity": "${escapes}"}`), { Infinity: "\n".repeat(10_000_000) });
});

Deno.test("parseJson takes long strings and long lists of keys", () => {
  const long = "x".repeat(20_000_000);
  assertEquals(parse(`{"${long}": "${long}"}`), { [long]: long });
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key ${i}`, i]));
  assertEquals(parse(JSON.stringify(many)), many);
});

Deno.test("display shows any value in a line", () => {
  assertEquals(display([1, "a", null, { b: Infinity }]), '[1, "a", null, {"b": Infinity}]');
  assertEquals(display([[[[[1]]]]]), "[[[...]]]");
  assertEquals(display("x".repeat(1000)).length, 100);
  assertEquals(display(undefined), "undefined");
});
