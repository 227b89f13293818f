import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "./arguments.ts";
import type { Option } from "./command.ts";
import { UsageError } from "./usage_error.ts";

const OPTIONS: readonly Option[] = [
  { name: "prompt", short: "p", value: "TEXT", help: "" },
  { name: "seed", short: "s", value: "N", help: "" },
  { name: "sampler", alias: "scheduler", value: "NAME", help: "" },
  { name: "json", help: "" },
];
const parse = (...args: string[]) => parseArguments(args, OPTIONS);

Deno.test("values follow, stand after = or right after the letter", () => {
  for (const args of [["--seed", "7"], ["--seed=7"], ["-s", "7"], ["-s7"], ["-s=7"]]) {
    assertEquals(parse(...args).text("seed"), "7", args.join(" "));
  }
  assertEquals(parse("--scheduler", "ddim").text("sampler"), "ddim");
  assertEquals(parse("-s", "1", "--seed", "2").text("seed"), "2");
  assertEquals(parse().text("seed"), undefined);
});

Deno.test("a value may be negative, empty, have dashes, lines and = in it, and look like another type", () => {
  assertEquals(parse("-s", "-1").text("seed"), "-1");
  for (const text of ["", "-", "--", "a=b", "a\nb", "true", "007", "--not an option", "-x"]) {
    assertEquals(parse("-p", text).text("prompt"), text);
    assertEquals(parse(`--prompt=${text}`).text("prompt"), text);
  }
  assertEquals(parse("--prompt=--seed").text("prompt"), "--seed");
});

Deno.test("operands keep their text, and all after -- are operands", () => {
  assertEquals(parse("007", "--json", "true", "").operands, ["007", "true", ""]);
  assertEquals(parse("--json", "true").flag("json"), true);
  assertEquals(parse("--", "--seed", "--", "-s").operands, ["--seed", "--", "-s"]);
  assertEquals(parse("--seed", "1", "-").operands, ["-"]);
  assertEquals(parse("a").flag("json"), false);
});

Deno.test("what is wrong is named, with what was probably meant", () => {
  const cases: [args: string[], says: string][] = [
    [["--sede", "7"], "Cannot use --sede: there is no such option; did you mean --seed?"],
    [["--sede=7"], "Cannot use --sede: there is no such option; did you mean --seed?"],
    [["-seed", "7"], "Cannot use -seed: there is no such option; did you mean --seed?"],
    [["-x"], "Cannot use -x: there is no such option"],
    [["-1"], "Cannot use -1: there is no such option"],
    [["--no-json"], "Cannot use --no-json: there is no such option"],
    [["--seed"], "Cannot use --seed: its value N is missing"],
    [["-p", "--json"], "Cannot use -p: its value TEXT is missing"],
    [["-p", "--seed=1"], "Cannot use -p: its value TEXT is missing"],
    [["--json=yes"], "Cannot use --json=yes: --json takes no value"],
    [["--__proto__", "1"], "Cannot use --__proto__: there is no such option"],
  ];
  for (const [args, says] of cases) {
    assertThrows(() => parse(...args).integer("seed", { min: 0 }), UsageError, says);
  }
});

Deno.test("whole numbers are read strictly", () => {
  const seed = (text: string) => parse("-s", text).integer("seed", { min: -1 });
  assertEquals(seed("9007199254740991"), 9007199254740991);
  assertEquals(seed("-1"), -1);
  assertEquals(seed("+007"), 7);
  for (
    const text of ["12abc", "1.5", "1e3", "", " 1", "0x10", "-2", "9007199254740992", "NaN", "--"]
  ) {
    assertThrows(
      () => seed(text),
      UsageError,
      "it must be a whole number from -1 to 9007199254740991",
    );
  }
  assertThrows(
    () => parse("-s", "9").integer("seed", { min: 0, max: 8 }),
    UsageError,
    "from 0 to 8",
  );
  assertEquals(parse().integer("seed", { min: 0 }), undefined);
});

Deno.test("numbers are read strictly", () => {
  const scale = (text: string) => parse("-s", text).number("seed");
  assertEquals(["7.5", "-1", ".5", "5.", "1e-3", "+2"].map(scale), [7.5, -1, 0.5, 5, 0.001, 2]);
  for (const text of ["", "7,5", "1e", "Infinity", "NaN", "1e999", "0x10", "7.5x", "1_0"]) {
    assertThrows(() => scale(text), UsageError, "it must be a number");
  }
});

Deno.test("lists of numbers are read strictly", () => {
  const levels = (text: string) => parse("-p", text).numbers("prompt");
  assertEquals(levels("14.6, 3,.5,0"), [14.6, 3, 0.5, 0]);
  assertEquals(parse().numbers("prompt"), undefined);
  for (const text of ["", "1,,2", "1;2", "1,x", ",", "1e999"]) {
    assertThrows(() => levels(text), UsageError, "numbers with commas between them");
  }
});

Deno.test("lists and choices", () => {
  assertEquals(parse("-p", "ops, rng").list("prompt"), ["ops", "rng"]);
  assertEquals(parse().list("prompt"), undefined);
  assertThrows(() => parse("-p", "ops,,rng").list("prompt"), UsageError, "names with commas");
  assertThrows(() => parse("-p", "").list("prompt"), UsageError, "names with commas");
  assertEquals(parse("-p", "f16").choice("prompt", ["f32", "f16"]), "f16");
  assertThrows(
    () => parse("-p", "fp16").choice("prompt", ["f32", "f16"]),
    UsageError,
    "Cannot use --prompt fp16: it must be f32 or f16; did you mean f16?",
  );
});
