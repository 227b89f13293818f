import { assert, assertEquals } from "@std/assert";
import { openFiles } from "../formats/files.ts";
import { pipeline } from "../pipelines/pipeline.ts";
import { runClassifierRuleCase, runShapesClassifyCase } from "./classification_cases.ts";
import { type Comparison, judge } from "./comparison.ts";
import { parseGoldenCase } from "./golden_case.ts";

const GOLDENS = openFiles(new URL("../tests/goldens/", import.meta.url));

/** Comparisons whose expected values are replaced by zeros, and which should have failed then. */
function blind(comparisons: readonly Comparison[]): readonly string[] {
  return comparisons
    .filter(({ expected }) => Array.from(expected).some((value) => value !== 0))
    .filter((each) => judge([{ ...each, expected: new Float64Array(each.expected.length) }]).passed)
    .map(({ name }) => name);
}

Deno.test("the rules of elimination and Winoground's scores are the authors', and zeros are not", async () => {
  const files = (await GOLDENS.list!("classifier")).filter((file) => file.endsWith(".safetensors"));
  assert(files.length >= 5);
  for (const file of files) {
    const golden = parseGoldenCase(await GOLDENS.read(`classifier/${file}`));
    const comparisons = runClassifierRuleCase(golden);
    const { passed, worst } = judge(comparisons);
    assert(passed, `${file}: ${worst?.name} at ${worst?.index}`);
    assertEquals(blind(comparisons), [], file);
    const outputs = [...golden.tensors.keys()].filter((name) => name.startsWith("output."));
    const names = comparisons.map(({ name }) => `output.${name}`);
    assertEquals(outputs.filter((name) => !names.includes(name)), [], "every output is compared");
  }
});

Deno.test("errors of scenes are PyTorch's, and zeros are not", async () => {
  await using classify = await pipeline("zero-shot-image-classification", "shapes", {
    backend: "reference",
  });
  const golden = parseGoldenCase(await GOLDENS.read("shapes/classify-relation.safetensors"));
  const comparisons = await runShapesClassifyCase(golden, { classify, exact: true });
  const { passed, worst } = judge(comparisons);
  assert(passed, `${worst?.name} at ${worst?.index}: ${worst?.actual}, not ${worst?.expected}`);
  assertEquals(blind(comparisons), []);
});
