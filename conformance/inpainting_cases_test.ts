import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { openFiles, subfolder } from "../formats/files.ts";
import { pipeline } from "../pipelines/pipeline.ts";
import { type Comparison, judge } from "./comparison.ts";
import { parseGoldenCase } from "./golden_case.ts";
import { runInpaintingCase } from "./inpainting_cases.ts";
import { OriginalGoldens } from "./original_goldens.ts";

const ALL = new URL("../../shared/goldens/", import.meta.url);

const isThere = await Deno.stat(ALL).then(() => true, () => false);

function check(comparisons: readonly Comparison[]): void {
  const { passed, worst } = judge(comparisons);
  assert(passed, JSON.stringify(worst));
  for (const each of comparisons) {
    const zeros = { ...each, expected: new Float32Array(each.expected.length) };
    assert(!judge([zeros]).passed, `${each.name} passes against zeros`);
  }
}

for (
  const name of [
    "inpaint-four-euler-a-part",
    "inpaint-four-soft-part",
    "inpaint-nine-thin-part",
    "inpaint-nine-two-images",
  ]
) {
  Deno.test({
    name: `the reference repaints as diffusers does: ${name}`,
    ignore: !isThere,
    async fn() {
      await using backend = referenceBackend();
      const files = openFiles(ALL);
      const golden = parseGoldenCase(await files.read(`pipelines/${name}.safetensors`));
      const model = subfolder(files, golden.settings.model as string);
      await using generate = await pipeline("inpainting", model, { backend });
      check(await runInpaintingCase(golden, { generate, exact: true }));
    },
  });
}

const OUTPUTS = ["image", "latent", "pred_x0", "uint8"];

for (
  const [folder, outputs] of Object.entries({
    "inpainting_big": [...OUTPUTS, "cond", "inpainted", "inpainted_uint8"],
    "sd-v1-inpaint": [...OUTPUTS, "c_concat"],
  })
) {
  Deno.test({
    name: `the reference repaints as the original scripts do: ${folder}`,
    ignore: !isThere,
    async fn() {
      await using backend = referenceBackend();
      const files = subfolder(openFiles(ALL), `originals/${folder}`);
      await using goldens = await OriginalGoldens.open(files, backend);
      const comparisons = await goldens.run("e2e.0");
      assertEquals(comparisons.map(({ name }) => name).sort(), outputs.sort());
      check(comparisons);
    },
  });
}
