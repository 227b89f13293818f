import { assert, assertEquals, assertRejects } from "@std/assert";
import { memoryFiles } from "../formats/file_source.ts";
import { folderFiles } from "../formats/files.ts";
import { judge } from "./comparison.ts";
import { listContainerCases, runContainerCase } from "./container_cases.ts";

const HERE = new URL("../tests/goldens/torch/containers/", import.meta.url);
const ALL = new URL("../../shared/goldens/originals/containers/", import.meta.url);

async function runFolder(url: URL): Promise<number> {
  const folder = folderFiles(url);
  const cases = await listContainerCases(folder);
  for (const each of cases) {
    const comparisons = await runContainerCase(folder, each);
    assert(judge(comparisons).passed, each.file);
    // Zeros must not pass: at least one tensor of each file is not zero.
    const zeros = comparisons.map((comparison) => ({
      ...comparison,
      expected: new Uint8Array(comparison.expected.length),
    }));
    assert(!judge(zeros).passed, `${each.file} passes for zeros`);
  }
  return cases.length;
}

Deno.test("checkpoints of torch have their tensors, bit by bit", async () => {
  assertEquals(await runFolder(HERE), 16);
});

Deno.test({
  name: "all golden checkpoints of torch have their tensors, bit by bit",
  ignore: !await Deno.stat(ALL).then(() => true, () => false),
  fn: async () => {
    assertEquals(await runFolder(ALL), 23);
  },
});

Deno.test("a checkpoint of other tensors is told from its truth", async () => {
  const folder = folderFiles(HERE);
  const [views, shapes] = ["zip_views", "zip_shapes"];
  await assertRejects(
    () =>
      runContainerCase(folder, {
        file: `${views}.pt`,
        truth: `${shapes}.truth.safetensors`,
        optional: false,
      }),
    TypeError,
    "only one of them has",
  );
  await assertRejects(
    () => listContainerCases(memoryFiles(new Map([["index.json", '[{"file":"a"}]']]))),
    TypeError,
    "without file or truth",
  );
});
