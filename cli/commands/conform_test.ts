import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ConformReport } from "../../mod.ts";
import { inFolder, runDenoise } from "../testing/run_denoise.ts";
import { backendModule } from "../testing/backend_module.ts";
import { exitCode, reportLines } from "./conform.ts";

const GOLDENS = decodeURIComponent(new URL("../../tests/goldens", import.meta.url).pathname);

const REPORT: ConformReport = {
  backend: "mine",
  passed: 1,
  failed: 1,
  unsupported: 1,
  cases: [
    {
      group: "ops",
      file: "a",
      kind: "relu",
      status: "passed",
      worst: 0,
      bound: 1e-6,
      detail: "y at 0",
    },
    {
      group: "ops",
      file: "conv",
      kind: "conv2d",
      status: "failed",
      worst: 0.25,
      bound: 1e-6,
      detail: "y at 3: 1, not 1.25",
    },
    {
      group: "x",
      file: "z",
      kind: "odd",
      status: "unsupported",
      worst: null,
      bound: null,
      detail: "the kind\nodd",
    },
  ],
};

Deno.test("the table says where a case failed, and sums up", () => {
  assertEquals(reportLines(REPORT, { hasColour: false }), [
    "group  file  kind    status         worst   bound   where",
    "ops    a     relu    passed         0       1.0e-6",
    "ops    conv  conv2d  failed         2.5e-1  1.0e-6  y at 3: 1, not 1.25",
    "x      z     odd     not supported  -       -       the kind odd",
    "",
    "mine: 1 passed, 1 failed, 1 not supported",
  ]);
});

Deno.test("colours go around whole lines", () => {
  const lines = reportLines(REPORT, { hasColour: true });
  assert(lines[2]!.startsWith("\x1b[31mops    conv") && lines[2]!.endsWith("1.25\x1b[0m"));
  assert(lines[3]!.startsWith("\x1b[2mx"));
  assertEquals(lines[1], reportLines(REPORT, { hasColour: false })[1]);
});

Deno.test("no cases are no table", () => {
  const none = { backend: "mine", passed: 0, failed: 0, unsupported: 0, cases: [] };
  assertEquals(reportLines(none, { hasColour: false }), [
    "mine: 0 passed, 0 failed, 0 not supported",
  ]);
});

Deno.test("the exit code", () => {
  const of = (passed: number, failed: number, unsupported: number, strict = false) =>
    exitCode({ passed, failed, unsupported }, strict);
  assertEquals([of(1, 0, 0), of(1, 0, 5), of(1, 0, 0, true)], [0, 0, 0]);
  assertEquals([of(0, 0, 0), of(0, 0, 5), of(9, 1, 0), of(9, 0, 1, true)], [1, 1, 1, 1]);
});

Deno.test("golden files run with read permission only, chosen by group and kind", () =>
  inFolder(async (cwd) => {
    const permissions = ["--allow-read"];
    const { code, out, err } = await runDenoise(
      ["conform", GOLDENS, "--group", "rng,resize", "--kind", "philox_random", "--json"],
      { cwd, permissions },
    );
    assertEquals([code, err], [0, ""]);
    const report: ConformReport = JSON.parse(out);
    assertEquals([report.backend, report.failed, report.unsupported], ["reference", 0, 0]);
    assert(report.passed > 0);
    assertEquals(report.cases.length, report.passed);
    for (const { group, kind, status } of report.cases) {
      assertEquals([group, kind, status], ["rng", "philox_random", "passed"]);
    }
  }));

Deno.test("a group that is not there passes nothing", () =>
  inFolder(async (cwd) => {
    const { code, out } = await runDenoise(["conform", GOLDENS, "--group", "none"], { cwd });
    assertEquals([code, out], [1, "reference: 0 passed, 0 failed, 0 not supported\n"]);
  }));

Deno.test("a folder that is not there is an error", () =>
  inFolder(async (cwd) => {
    const { code, out, err } = await runDenoise(["conform", "none"], { cwd });
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, "denoise: Cannot read");
  }));

Deno.test("a module's backend is run, and its fault found", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/good.js`, backendModule({ faulty: false }));
    await Deno.writeTextFile(`${cwd}/bad.js`, backendModule({ faulty: true }));
    const run = (file: string) =>
      runDenoise(["conform", "--kind", "groupNorm,clamp", "--backend", file], { cwd });
    const good = await run("./good.js");
    assertEquals([good.code, good.err], [0, ""]);
    assertStringIncludes(good.out, "mine: ");
    const bad = await run("bad.js");
    assertEquals([bad.code, bad.err], [1, ""]);
    assert(/^ops +\S.* groupNorm +failed +\S+ +\S+ +\S+ at \d+: /m.test(bad.out), bad.out);
    assert(/^ops +\S.* clamp +passed/m.test(bad.out), bad.out);
    assertEquals(/clamp +failed/.test(bad.out), false);
  }));

Deno.test("a module without a backend is an error that says so", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/empty.js`, "export const backend = 1;");
    await Deno.writeTextFile(`${cwd}/number.js`, "export default () => 1;");
    await Deno.writeTextFile(`${cwd}/throws.js`, "throw new Error('no device');");
    const cases = [
      ["empty.js", "its default export is missing"],
      ["number.js", "its default export is no Backend and makes none"],
      ["throws.js", "no device"],
      ["none.js", "none.js"],
    ];
    for (const [file, says] of cases) {
      const { code, out, err } = await runDenoise(["conform", "--backend", file!], { cwd });
      assertEquals([code, out], [1, ""]);
      assertStringIncludes(err, `denoise: Cannot use the backend ${file}: `);
      assertStringIncludes(err, says!);
    }
  }));
