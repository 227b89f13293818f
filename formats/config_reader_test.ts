import { assertEquals, assertThrows } from "@std/assert";
import { config, type ConfigReader } from "./config_reader.ts";
import type { JsonValue } from "./json.ts";
import { ModelError } from "./model_error.ts";

const open = (json: JsonValue) => config(json, "unet/config.json");

function refuses(read: (c: ConfigReader) => unknown, json: JsonValue, ...words: string[]): void {
  for (const word of ["unet/config.json", ...words]) {
    assertThrows(() => read(open(json)), ModelError, word);
  }
}

Deno.test("an absent key takes its default, and without one is an error", () => {
  const c = open({});
  assertEquals(c.integer("a", 4), 4);
  assertEquals(c.number("a", 0.5), 0.5);
  assertEquals(c.string("a", "x"), "x");
  assertEquals(c.flag("a", false), false);
  assertEquals(c.choice("a", ["x", "y"], "y"), "y");
  assertEquals(c.integers("a", [1, 2]), [1, 2]);
  assertEquals(c.nullable.integer("a"), null);
  assertEquals(c.nullable.integer("a", 3), 3);
  assertEquals(c.nullable.choice("a", ["x"]), null);
  assertEquals(c.nullable.integers("a"), null);
  assertEquals(c.nullable.numbers("a", [1]), [1]);
  for (const read of [c.integer, c.number, c.string, c.flag, c.integers, c.numbers, c.section]) {
    assertThrows(() => read("in_channels"), ModelError, "it has no in_channels");
  }
});

Deno.test("null is a value for nullable readers only", () => {
  const c = open({ a: null });
  assertEquals(c.nullable.integer("a", 3), null);
  assertEquals(c.nullable.integers("a", [3]), null);
  assertEquals(c.nullable.flag("a", true), null);
  refuses((c) => c.integer("a", 1), { a: null }, "a is null");
});

Deno.test("numbers are checked", () => {
  for (const bad of ["4", true, 1.5, 0, -1, 2 ** 24 + 1, 9007199254740993, Infinity, [4], {}]) {
    refuses((c) => c.integer("n", 1), { n: bad }, "n is ", "an integer from 1 to 16777216");
  }
  assertEquals(open({ n: 0 }).integer("n", 1, { min: 0 }), 0);
  refuses((c) => c.integer("n", 1, { max: 7 }), { n: 8 }, "from 1 to 7");
  refuses((c) => c.number("x", 1), { x: Infinity }, "x is Infinity");
  refuses((c) => c.number("x", 1, { min: 0 }), { x: -1 }, "a finite number from 0");
  refuses((c) => c.number("norm_eps", 1), { norm_eps: "1e-5" }, 'norm_eps is "1e-5"');
  assertEquals(open({ x: -0.25 }).number("x"), -0.25);
});

Deno.test("a choice lists what there is", () => {
  const read = (c: ConfigReader) => c.choice("act_fn", ["silu", "gelu"]);
  assertEquals(read(open({ act_fn: "gelu" })), "gelu");
  for (const bad of ["constructor", "__proto__", "", 0, null, ["silu"]]) {
    refuses(read, { act_fn: bad }, "act_fn", '"silu", "gelu"');
  }
});

Deno.test("lists are checked item by item and by length", () => {
  for (const bad of [32, [], [32, "64"], [32, 0], [32, 48.5], [32, null], "32", { 0: 32 }]) {
    refuses(
      (c) => c.integers("block_out_channels"),
      { block_out_channels: bad },
      "block_out_channels",
    );
  }
  const kinds = ["A", "B"] as const;
  refuses((c) => c.choices("types", kinds), { types: ["A", "toString"] }, "types", "toString");
  const two = { types: ["A", "B"], n: [1], m: 8, k: [3, 4], f: true };
  const c = open(two);
  assertEquals(c.choices("types", kinds), ["A", "B"]);
  assertThrows(() => c.integers("n", 1, { per: "types" }), ModelError, 'types: ["A", "B"]');
  assertThrows(() => c.integers("m", 1, { per: "types" }), ModelError, "m is 8");
  assertEquals(c.integers("m", 1, { per: "types", broadcast: true }), [8, 8]);
  assertEquals(c.integers("k", 1, { per: "types", broadcast: true }), [3, 4]);
  assertEquals(c.integers("absent", 5, { per: "types", broadcast: true }), [5, 5]);
  assertEquals(c.flags("f", false, { length: 3, broadcast: true }), [true, true, true]);
  assertThrows(() => c.numbers("k", 1, { length: 3 }), ModelError, "must have 3 items");
  assertThrows(() => c.numbers("k", 1, { per: "never" }), TypeError);
});

Deno.test("done lists what was not asked for, but null, _private and ignored keys", () => {
  const json: JsonValue = JSON.parse(
    '{"a":1,"_class_name":"N","future":null,"torch_dtype":"f16","__proto__":{"a":9},"inner":{"x":1}}',
  );
  const c = open(json);
  assertEquals(c.integer("a"), 1);
  assertThrows(() => c.done(), ModelError, 'torch_dtype = "f16"');
  c.ignore("torch_dtype");
  assertThrows(() => c.done(), ModelError, "inner");
  assertEquals(c.section("inner"), c.section("inner"));
  assertThrows(() => c.done(), ModelError, "inner.x");
  assertEquals(c.unread(), ["inner.x"]);
  c.section("inner").integer("x");
  c.done();
  assertEquals("a" in {}, false);
});

Deno.test("only and expect admit the settings that are supported", () => {
  const c = open({ dropout: 0, type: "default", scale: null, list: [1, 2] });
  c.expect({ dropout: 0.0, type: "default", scale: null, list: [1, 2], absent: 3 });
  c.done();
  refuses(
    (c) => c.only("dropout", [0]),
    { dropout: 0.1 },
    "dropout is 0.1, which is not supported",
  );
  refuses((c) => c.expect({ a: [1, 2] }), { a: [1] }, "supported is [1, 2]");
  refuses((c) => c.only("a", [1, "x"]), { a: null }, 'supported is 1, "x"');
});

Deno.test("what is not an object is refused", () => {
  for (const json of [null, [], "x", 1]) {
    assertThrows(() => open(json), ModelError, "unet/config.json");
  }
});

Deno.test("lists of integers and of lists of integers", () => {
  const c = open({ levels: [4, 8], a: [1, [2, 0]], b: 3, d: null });
  c.integers("levels");
  const per = { per: "levels", min: 0, broadcast: true } as const;
  assertEquals(c.integerLists("a", 1, per), [1, [2, 0]]);
  assertEquals(c.integerLists("b", 1, per), [3, 3]);
  assertEquals(c.integerLists("e", 1, per), [1, 1]);
  assertEquals(c.nullable.integerLists("d"), null);
  assertEquals([c.isList("a"), c.isList("b"), c.isList("e")], [true, false, false]);
  refuses((c) => c.integerLists("a"), { a: [1, [2, "3"]] }, "a is [", "or a list of such");
  refuses((c) => c.integerLists("a"), { a: [1, [[2]]] }, "a is [");
});
