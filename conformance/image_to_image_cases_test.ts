import { assert } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { openFiles, subfolder } from "../formats/files.ts";
import { pipeline } from "../pipelines/pipeline.ts";
import { judge } from "./comparison.ts";
import { parseGoldenCase } from "./golden_case.ts";
import { runImageToImageCase } from "./image_to_image_cases.ts";

const ALL = new URL("../../shared/goldens/", import.meta.url);

const isThere = await Deno.stat(ALL).then(() => true, () => false);

for (const name of ["img2img-ddim-030", "img2img-resized", "img2img-pndm-030"]) {
  Deno.test({
    name: `the reference starts from a picture as diffusers does: ${name}`,
    ignore: !isThere,
    async fn() {
      await using backend = referenceBackend();
      const files = openFiles(ALL);
      const golden = parseGoldenCase(await files.read(`pipelines/${name}.safetensors`));
      const model = subfolder(files, golden.settings.model as string);
      await using generate = await pipeline("image-to-image", model, { backend });
      const comparisons = await runImageToImageCase(golden, { generate, exact: true });
      const { passed, worst } = judge(comparisons);
      assert(passed, JSON.stringify(worst));
      for (const each of comparisons) {
        const zeros = { ...each, expected: new Float32Array(each.expected.length) };
        assert(!judge([zeros]).passed, `${each.name} passes against zeros`);
      }
    },
  });
}
