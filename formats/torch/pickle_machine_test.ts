import { assert, assertEquals, assertThrows } from "@std/assert";
import { readPickle } from "./pickle_machine.ts";
import { PickleEndError } from "./pickle_reader.ts";
import type { PickleValue } from "./pickle_value.ts";
import { bytesOf, dict, global, str, tuple } from "./testing/write_pickle.ts";
import { failFor, TorchCheckpointError } from "./torch_checkpoint_error.ts";

const fail = failFor("x");
const run = (text: string): PickleValue => readPickle(bytesOf(`${text}.`), { fail }).value;

const list = (...items: PickleValue[]): PickleValue => ({ kind: "list", items });
const tupleOf = (...items: PickleValue[]): PickleValue => ({ kind: "tuple", items });
const dictOf = (...entries: [PickleValue, PickleValue][]): PickleValue => ({
  kind: "dict",
  entries: new Map(entries),
});

Deno.test("every scalar of every protocol is read", () => {
  const cases: readonly (readonly [string, PickleValue])[] = [
    ["N", null],
    ["\x88", true],
    ["\x89", false],
    ["I01\n", true],
    ["I00\n", false],
    ["I-12\n", -12],
    ["L123456789012345678901234567890L\n", 123456789012345678901234567890n],
    ["J\xfe\xff\xff\xff", -2],
    ["K\xff", 255],
    ["M\x01\x02", 513],
    ["\x8a\x00", 0],
    ["\x8a\x01\xff", -1],
    ["\x8a\x02\xff\x00", 255],
    ["\x8a\x08\x00\x00\x00\x00\x00\x00\x20\x00", 2n ** 53n],
    ["\x8b\x01\x00\x00\x00\x7f", 127],
    ["F-1.5e-3\n", -0.0015],
    ["Finf\n", Infinity],
    ["F-inf\n", -Infinity],
    ["Fnan\n", NaN],
    ["F.5\n", 0.5],
    ["G\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5],
    ["S'a\\'b\\n\\x41\\\\'\n", "a'b\nA\\"],
    ['S"x"\n', "x"],
    ["T\x02\x00\x00\x00ab", "ab"],
    ["U\x02\xc3\xa4", "ä"],
    ["U\x02\xff\x00", Uint8Array.of(255, 0)],
    ["Va\\u00e4\\U0001f408\xe4\n", "aä\u{1f408}ä"],
    ["X\x02\x00\x00\x00\xc3\xa4", "ä"],
    ["\x8c\x01x", "x"],
    ["\x8d\x01\0\0\0\0\0\0\0x", "x"],
    ["B\x01\0\0\0\xff", Uint8Array.of(255)],
    ["C\x01\xff", Uint8Array.of(255)],
    ["\x8e\x01\0\0\0\0\0\0\0\xff", Uint8Array.of(255)],
    ["\x96\x01\0\0\0\0\0\0\0\xff", Uint8Array.of(255)],
  ];
  for (const [text, expected] of cases) assertEquals(run(text), expected, JSON.stringify(text));
});

Deno.test("every container is made and filled", () => {
  const cases: readonly (readonly [string, PickleValue])[] = [
    [")", tupleOf()],
    ["K\x01\x85", tupleOf(1)],
    ["K\x01K\x02\x86", tupleOf(1, 2)],
    ["K\x01K\x02K\x03\x87", tupleOf(1, 2, 3)],
    ["(K\x01t", tupleOf(1)],
    ["]", list()],
    ["(K\x01l", list(1)],
    ["]K\x01a(K\x02K\x03e", list(1, 2, 3)],
    ["}K\x01Ns(K\x02Nu", dictOf([1, null], [2, null])],
    ["(K\x01Nd", dictOf([1, null])],
    ["\x8f(K\x01\x90", { kind: "set", items: [1] }],
    ["(K\x01\x91", { kind: "set", items: [1] }],
    [`${global("collections", "OrderedDict")})R`, dictOf()],
    [`${global("collections", "OrderedDict")})\x81`, dictOf()],
    [`${global("collections", "OrderedDict")}](${str("a")}K\x01\x86e\x85R`, dictOf(["a", 1])],
    [`${global("collections", "defaultdict")}${global("__builtin__", "list")}\x85R`, dictOf()],
    [`${str("torch")}${str("Size")}\x93K\x02\x85\x85R`, tupleOf(2)],
    [
      `${global("some.where", "Thing")}K\x01\x85\x81}b`,
      { kind: "object", className: "some.where.Thing", contents: [tupleOf(1), dictOf()] },
    ],
    [
      `${global("some.where", "Thing")})}\x92K\x01aK\x02Ns`,
      {
        kind: "object",
        className: "some.where.Thing",
        contents: [tupleOf(tupleOf(), dictOf()), 1, 2, null],
      },
    ],
  ];
  for (const [text, expected] of cases) assertEquals(run(text), expected, JSON.stringify(text));
});

Deno.test("the memo and the stack are Python's", () => {
  assertEquals(run("K\x07q\x030h\x03"), 7);
  assertEquals(run("K\x07p12\n0g12\n"), 7);
  assertEquals(run("K\x07r\xff\xff\xff\x7f0j\xff\xff\xff\x7f"), 7);
  assertEquals(run("K\x07\x940K\x08\x940h\x01"), 8);
  assertEquals(run("K\x07K\x08(K\x0910"), 7);
  assertEquals(run("K\x07(0"), 7); // POP takes a mark, too
  assertEquals(run("K\x072\x86"), tupleOf(7, 7));
  assertEquals(run("\x80\x05\x95\x02\0\0\0\0\0\0\0K\x07"), 7);
  const both = bytesOf("K\x07.K\x08.");
  assertEquals(readPickle(both, { fail }).end, 3);
  assertEquals(readPickle(both, { start: 3, fail }).value, 8);
});

Deno.test("a name of a file never becomes a property", () => {
  const value = run(dict(str("__proto__"), dict(str("polluted"), "N"), str("constructor"), "N"));
  assertEquals([...(value as { entries: Map<PickleValue, PickleValue> }).entries.keys()], [
    "__proto__",
    "constructor",
  ]);
  assert(!("polluted" in {}));
});

Deno.test("what is not allowed is refused with a reason", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["Pabc\n", "PERSID"],
    ["(ios\nsystem\n", "INST"],
    ["(K\x01o", "OBJ"],
    ["\x82\x01", "EXT1"],
    ["\x97", "NEXT_BUFFER"],
    ["\xff", "0xff, which no protocol knows"],
    ["\x80\x06", "protocol 6"],
    [global("os", "system"), '"os.system"'],
    [`${str("os")}${str("system")}\x93`, '"os.system"'],
    [`K\x01${str("system")}\x93`, 'names "system" of 1'],
    [`${str("x")})R`, 'calls "x", which is no function'],
    [`${global("a", "B")})R)R`, 'calls an object of the class "a.B"'],
    [`${global("torch", "FloatStorage")})R`, "torch.FloatStorage, which is no function"],
    [`${global("a", "B")}K\x01R`, "with 1, not a tuple"],
    [`${global("collections", "OrderedDict")}K\x01\x85R`, "a dict of 1"],
    [`${global("collections", "OrderedDict")}](K\x01e\x85R`, "not of pairs"],
    [`${global("collections", "OrderedDict")}NN\x86R`, "a dict of 2 values"],
    [`${global("torch", "Size")})R`, "a torch.Size of None"],
    ["K\x01}b", "sets the state of 1"],
    ["}(K\x01u", "without a value"],
    ["}](K\x01\x01es", "0x01"],
    ["}]Ns", "a list of 0 for a key"],
    ["\x8f(}\x90", "a dict of 0 for a key"],
    ["]K\x01Ns", "sets keys of a list"],
    ["}K\x01a", "appends items to a dict"],
    ["](K\x01\x90", "adds items to a list"],
    ["h\x01", "asks for value 1"],
    ["K\x01pxyz\n", "keeps value"],
    ["R", "from the stack"],
    ["K\x01(\x85", "from the stack"],
    ["K\x01e", "there is none"],
    ["(u", "from the stack"],
    ["I1x\n", 'has "1x" for an integer'],
    [`L${"1".repeat(3000)}L\n`, "for an integer"],
    ["\x8b\x00\x10\0\0" + "\x01".repeat(4096), "an integer of 4096 bytes"],
    ["F1e\n", 'has "1e" for a number'],
    ["S'a\n", "for a string"],
    ["S'\\q'\n", "for a string"],
    ["V\\ud800\n", "not well-formed"],
    ["V\\U00110000\n", "in a string"],
    ["X\x01\0\0\0\xff", "not UTF-8"],
    ["T\xff\xff\xff\xff", "-1 bytes"],
    ["\x8e\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615 bytes"],
    [`S${"a".repeat(20_000)}\n`, "a line of 20000 bytes"],
    ["K\x01Q", "the identifier 1, not a tuple"],
    [`${tuple(str("storage"), "N", str("0"), str("cpu"), "K\x01")}Q`, "the type None"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => run(text), TorchCheckpointError, message, JSON.stringify(text));
  }
});

Deno.test("a pickle that goes on past its bytes asks for more of them, and takes no memory", () => {
  for (
    const text of [
      "",
      "K",
      "X\xff\xff\xff\x7f",
      "\x8d\0\0\0\0\x01\0\0\0",
      "Iab",
      "\x95\xff\0\0\0\0\0\0\0",
    ]
  ) {
    assertThrows(() => readPickle(bytesOf(text), { fail }), PickleEndError);
  }
});

Deno.test("time and memory are bounded", () => {
  const many = (instruction: string, count: number) =>
    readPickle(new Uint8Array(count).fill(instruction.charCodeAt(0)), { fail });
  assertThrows(() => many("N", 3_000_001), TorchCheckpointError, "3000000 instructions");
  assertThrows(() => many(")", 500_001), TorchCheckpointError, "500000 lists");
  // One list of a thousand pairs, made a dict of again and again.
  const pairs = `](${"NN\x86".repeat(1000)}e\x85q\x000`;
  const again = `${global("collections", "OrderedDict")}h\x00R0`;
  assertThrows(() => run(pairs + again.repeat(1000)), TorchCheckpointError, "500000 lists");
});

Deno.test("any bytes are a value, or an error of a known class", () => {
  let state = 5;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes
    return Math.floor(state / 2 ** 32 * below);
  };
  const common = bytesOf("()].0(1}tuaesbRQ\x81\x85\x86\x87\x88\x89\x90\x93\x94NK2hqcX");
  const outcomes = { values: 0, refused: 0, ended: 0 };
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(
      { length: random(40) },
      () => random(4) > 0 ? common[random(common.length)]! : random(256),
    );
    try {
      readPickle(bytes, { fail });
      outcomes.values++;
    } catch (error) {
      if (error instanceof PickleEndError) outcomes.ended++;
      else if (error instanceof TorchCheckpointError) outcomes.refused++;
      else throw error;
    }
  }
  assert(outcomes.values > 100 && outcomes.refused > 1000 && outcomes.ended > 100);
});
