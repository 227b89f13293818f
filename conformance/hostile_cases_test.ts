import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FileSource, memoryFiles } from "../formats/file_source.ts";
import { folderFiles } from "../formats/files.ts";
import { writeSafetensors } from "../formats/write_safetensors.ts";
import { judge } from "./comparison.ts";
import { type HostileCase, hostileCases } from "./hostile_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

const SOME = new URL("../tests/goldens/", import.meta.url);
const ALL = new URL("../../shared/goldens/hostile/", import.meta.url);

/** Runs all cases; those that nothing here can run are counted by format. */
async function passAll(
  folder: URL,
): Promise<{ readonly passed: number; readonly unsupported: Readonly<Record<string, number>> }> {
  let passed = 0;
  const unsupported: Record<string, number> = {};
  for await (const { file, kind, run } of hostileCases(folderFiles(folder))) {
    try {
      const judged = judge(await run());
      assert(judged.passed, `${file}: ${JSON.stringify(judged.worst)}`);
      passed++;
    } catch (error) {
      if (!(error instanceof UnsupportedCaseError)) throw error;
      unsupported[kind] = (unsupported[kind] ?? 0) + 1;
    }
  }
  return { passed, unsupported };
}

Deno.test("files are refused with a reason, or read as their truth says", async () => {
  const safetensors = await passAll(new URL("safetensors/", SOME));
  assert(safetensors.passed > 100);
  assertEquals(safetensors.unsupported, {});
  const tokenizers = await passAll(new URL("tokenizers/hostile/", SOME));
  assert(tokenizers.passed > 40);
  assertEquals(tokenizers.unsupported, {});
  const torch = await passAll(new URL("torch/hostile/", SOME));
  assert(torch.passed > 40);
  assertEquals(torch.unsupported, {});
});

Deno.test(
  "every hostile file is refused or read as it has to be",
  { ignore: !exists(ALL) },
  async () => {
    const { passed, unsupported } = await passAll(ALL);
    assert(passed > 600, `${passed} passed`);
    // One damaged tokenizer is not damaged: its files are those of a good one.
    assertEquals(unsupported["clip-tokenizer"] ?? 0, 1);
    for (const kind of ["safetensors", "image", "unet-config", "diffusers-dir"]) {
      assertEquals(unsupported[kind] ?? 0, 0, kind);
    }
  },
);

const GOOD = writeSafetensors({ w: { dtype: "f32", shape: [2], data: Float32Array.of(1, NaN) } });
const OTHER = writeSafetensors({ w: { dtype: "f32", shape: [2], data: Float32Array.of(2, NaN) } });
const WIDER = writeSafetensors({ w: { dtype: "f32", shape: [1, 2], data: new Float32Array(2) } });
const BAD = GOOD.slice(0, -1);

/** Runs the first case of an index. */
async function runFirst(
  entries: readonly Readonly<Record<string, unknown>>[],
  files: Readonly<Record<string, Uint8Array>>,
): ReturnType<HostileCase["run"]> {
  const index = JSON.stringify(
    entries.map((entry) => ({ format: "safetensors", why: "a test", ...entry })),
  );
  const source = memoryFiles(new Map<string, Uint8Array | string>(Object.entries(files)));
  const contents = memoryFiles(new Map([["index.json", index]]));
  const both: FileSource = {
    ...source,
    size: (path) => (path === "index.json" ? contents : source).size(path),
    read: (path, ...range) => (path === "index.json" ? contents : source).read(path, ...range),
  };
  for await (const { run } of hostileCases(both)) return await run();
  throw new Error("Cannot run a case: there is none");
}

Deno.test("values have to equal the truth to the last bit", async () => {
  const entry = { file: "a", expect: "accept", truth: "b" };
  assert(judge(await runFirst([entry], { a: GOOD, b: GOOD })).passed);
  const { passed, worst } = judge(await runFirst([entry], { a: GOOD, b: OTHER }));
  assertEquals([passed, worst?.name], [false, "w"]);
  const other = () => runFirst([entry], { a: GOOD, b: WIDER });
  await assertRejects(other, Error, 'gives "w" as F32[2]; wanted F32[1, 2]');
  const none = writeSafetensors({});
  await assertRejects(() => runFirst([entry], { a: GOOD, b: none }), Error, "gives w; wanted ");
  const subset = { ...entry, "truth_is_subset": true };
  assert(judge(await runFirst([subset], { a: GOOD, b: none })).passed);
  await assertRejects(() => runFirst([subset], { a: none, b: GOOD }), Error, 'no tensor "w"');
});

Deno.test("a file has to be refused, or read, as its index says", async () => {
  assert(judge(await runFirst([{ file: "a", expect: "reject" }], { a: BAD })).passed);
  assert(judge(await runFirst([{ file: "a", expect: "accept" }], { a: GOOD })).passed);
  for (const optional of [{ expect: "reject", optional: true }, { expect: "accept" }]) {
    assert(judge(await runFirst([{ file: "a", ...optional }], { a: GOOD })).passed);
  }
  const read = () => runFirst([{ file: "a", expect: "reject" }], { a: GOOD });
  await assertRejects(read, Error, "a is read, though it has a fault: a test");
  const refuse = () => runFirst([{ file: "a", expect: "accept" }], { a: BAD });
  await assertRejects(refuse, Error, "a is refused, though it is right (a test)");
});

Deno.test("a refusal has to be clear, and with an error of ours", async () => {
  const mute = () => runFirst([{ file: "a", expect: "reject", mention: ["x"] }], { a: BAD });
  await assertRejects(mute, Error, "a is refused without a mention of x");
  const entry = { file: "a", expect: "reject", mention: ["x", "truncated"] };
  assert(judge(await runFirst([entry], { a: BAD })).passed);
  const index = JSON.stringify([{ file: "a", format: "safetensors", expect: "reject", why: "" }]);
  const files: FileSource = {
    ...memoryFiles(new Map([["index.json", index]])),
    size: (path) =>
      path === "a"
        ? Promise.reject(new TypeError("x is undefined"))
        : Promise.resolve(index.length),
  };
  for await (const { run } of hostileCases(files)) {
    await assertRejects(run, Error, "an error that is none of ours: TypeError");
  }
});

Deno.test("the same bytes cannot be refused and read", async () => {
  const entries = [{ file: "a", expect: "reject" }, { file: "b", expect: "accept" }];
  const run = () => runFirst(entries, { a: GOOD, b: GOOD });
  await assertRejects(run, UnsupportedCaseError, "byte for byte b");
  await assertRejects(() => runFirst(entries, { a: GOOD, b: OTHER }), Error, "has a fault");
});

Deno.test("a format that nothing reads is not supported; what is no index is an error", async () => {
  const strange = () => runFirst([{ file: "a", expect: "reject", format: "gguf" }], { a: GOOD });
  await assertRejects(strange, UnsupportedCaseError, "the format gguf");
  await assertRejects(() => runFirst([{ file: 1 }], {}), Error, "it is no entry of an index");
  await assertRejects(() => runFirst([{ file: "a", expect: "maybe" }], {}), Error, "no entry");
});

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}
