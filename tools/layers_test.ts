import { assertEquals } from "@std/assert";
import { checkTree } from "./check_layers.ts";
import { checkLayers } from "./layers.ts";
import { scanSource } from "./source_scan.ts";

/** Lines and reasons of what is found. */
function found(source: string, file: string): string[] {
  const aliases = { "@denoise/denoise": "./mod.ts", "@std/assert": "jsr:@std/assert@1" };
  return checkLayers(source, { file, aliases }).map(({ line, reason }) => `${line}: ${reason}`);
}

Deno.test("the tree has no import that points the wrong way", async () => {
  const { files, violations } = await checkTree();
  assertEquals(violations, []);
  assertEquals(files > 200, true);
});

Deno.test("every form of import is seen, with its line", () => {
  const source = `import { a } from "../backends/backend.ts";
import type { B } from '../models/layers.ts';
import "../random/seed.ts";
import {
  c,
} from "../pipelines/model.ts";
export * from "../formats/half.ts";
export { d } from "../schedulers/plan.ts";
const e = await import("../assets/open.ts");
type F = import("../conformance/run.ts").F;
import { g } from "@denoise/denoise";
import { h } from "../../elsewhere.ts";
import { i } from "./trace_test.ts";
`;
  const why = (target: string) => `graph may import nothing of ours, not ${target}`;
  assertEquals(found(source, "graph/trace.ts"), [
    `1: ${why("backends/backend.ts")}`,
    `2: ${why("models/layers.ts")}`,
    `3: ${why("random/seed.ts")}`,
    `6: ${why("pipelines/model.ts")}`,
    `7: ${why("formats/half.ts")}`,
    `8: ${why("schedulers/plan.ts")}`,
    `9: ${why("assets/open.ts")}`,
    `10: ${why("conformance/run.ts")}`,
    `11: ${why("mod.ts")}`,
    `12: ${why("../elsewhere.ts")}`,
    "13: imports a test, graph/trace_test.ts",
  ]);
});

Deno.test("imports of packages, of the own folder and downwards are free", () => {
  const source = `import { a } from "@std/assert";
import { b } from "npm:b";
import { c } from "https://example.org/graph/c.ts";
import { d } from "./kernel.ts";
import { e } from "../../graph/graph.ts";
const f = Array.from("../models/x.ts"), g = loader.import("../models/y.ts");
`;
  assertEquals(found(source, "backends/reference/conv2d.ts"), []);
});

Deno.test("tests, tools, benchmarks and examples are free", () => {
  const source = `import "../cli/main.ts"; Deno.exit();`;
  for (
    const file of ["graph/x_test.ts", "tests/x.ts", "tools/x.ts", "bench/x.ts", "examples/x.ts"]
  ) {
    assertEquals(found(source, file), [], file);
  }
});

Deno.test("a folder that has no place among the layers is a violation", () => {
  assertEquals(found("", "utils/x.ts"), ["1: utils is no part: it has no place among the layers"]);
});

Deno.test("Deno is named in the command line and the adapters only", () => {
  const source = `// Deno in a comment
/* Deno */ const text = "Deno" + 'Deno' + \`Deno \${typeof Deno}\` + /Deno/.source;
const x = globalThis.Deno ?? DenoLike ?? $Deno;
`;
  const reason = "names Deno, which only the command line and the file adapters may";
  assertEquals(found(source, "formats/half.ts"), [`2: ${reason}`, `3: ${reason}`]);
  assertEquals(found(source, "mod.ts"), [`2: ${reason}`, `3: ${reason}`]);
  for (const file of ["formats/files.ts", "formats/write_file.ts", "cli/main.ts"]) {
    assertEquals(found(source, file), [], file);
  }
});

Deno.test("comments, strings, templates and regular expressions are told from code", () => {
  const cases: readonly (readonly [source: string, code: string])[] = [
    ["a // b", "a     "],
    ["a /* b\n c */ d", "a     \n      d"],
    ['f("x // y", \'"\')', "f(\"      \", ' ')"],
    ['"\\"" + b', '"  " + b'],
    ["`a${b + `c${d}e`}f` + g", "` ${b + ` ${d} `} ` + g"],
    ["x = /[/\"]'/g; y", "x = /     /g; y"],
    ["a / b / 'c'", "a / b / ' '"],
    ["a! / 2; b[0]! / '/'", "a! / 2; b[0]! / ' '"],
    ["!/'/.test(a)", "!/ /.test(a)"],
    ["return /'/", "return / /"],
  ];
  for (const [source, code] of cases) assertEquals(scanSource(source).code, code, source);
  assertEquals([...scanSource("f('a', \"b\")").strings], [[2, "a"], [7, "b"]]);
});
